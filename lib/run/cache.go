package run

// CacheEnv names the variable that holds the folder of cached results. Within
// one run of all notebooks it is the run folder's own, so that networks that
// one notebook trained serve the next.
const CacheEnv = "SPINDLE_CACHE"
