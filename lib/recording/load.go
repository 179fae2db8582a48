package recording

import "context"

// Load returns the recording of the data folder, recordings/s1_data.mat, cut
// into reaches, or a simulated session where that file is not there.
func Load() (*Session, error) { return OpenSession(context.Background(), "", OpenOptions{}) }
