package recording

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/format/hdf5"
)

// fileBytes bounds what one array of an HDF5 file, or a whole MAT or .npz file,
// may take in memory. A variable, so that fuzzing can set it low.
var fileBytes int64 = 2 << 30

// ReadNWB reads a session from a Neurodata Without Borders file in the layout
// of the Neural Latents Benchmark's area 2 bump data: units with spike times,
// /processing/behavior with hand_pos, hand_vel, force, joint_ang, joint_vel and
// muscle_len (those that are there), and a table of trials with start_time,
// stop_time, move_onset_time, bump_time, bump_dir, cond_dir, ctr_hold_bump and
// result. Spikes are counted in bins of 10 ms from the first sample of hand_pos;
// series are averaged over each bin, or interpolated to its middle where they
// have fewer samples than bins. Series that say they are in metres become cm,
// muscle lengths mm; directions are degrees in the file.
//
// A reach ends with its trial, for the file marks no other end. Trials with
// ctr_hold_bump are passive.
func ReadNWB(path string) (*Session, error) {
	f, err := hdf5.Options{MaxBytes: fileBytes}.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := nwbReader{f: f, path: path}
	s := &Session{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Area: "S1", Bin: Step,
		Source: "recorded: NWB " + filepath.Base(path), Animal: r.text("/general/subject/subject_id")}
	if id := r.text("/identifier"); id != "" {
		s.Source += ", " + id
	}
	pos, err := r.series("hand_pos")
	if err != nil {
		return nil, err
	}
	if pos == nil {
		return nil, fmt.Errorf("recording: %s: no /processing/behavior/hand_pos", path)
	}
	r.start = pos.time(0)
	last := pos.time(pos.n - 1)
	r.bins = int(math.Floor((last-r.start)/Step + 1e-6))
	if !(last > r.start) || r.bins < 1 || r.bins > 1<<24 {
		return nil, fmt.Errorf("recording: %s: hand_pos spans %g s: from 10 ms to two days expected", path, last-r.start)
	}
	budget := fileBytes
	for _, x := range []struct {
		name string
		dst  *[][]float64
		unit float64 // of a metre
	}{{"hand_pos", &s.Hand, 100}, {"hand_vel", &s.HandVel, 100}, {"hand_acc", &s.HandAcc, 100}, {"force", &s.Force, 1},
		{"joint_ang", &s.Joints, 1}, {"joint_vel", &s.JointVel, 1}, {"muscle_len", &s.Muscles, 1000}} {
		ts, err := r.series(x.name)
		if err != nil {
			return nil, err
		}
		if ts == nil {
			continue
		}
		// Few samples may span many bins.
		if budget -= 8 * int64(ts.cols) * int64(r.bins); budget < 0 {
			return nil, fmt.Errorf("recording: %s: the series up to %s, of %d columns, take more than %d bytes in %d bins of 10 ms", path, x.name, ts.cols, fileBytes, r.bins)
		}
		*x.dst = ts.binned(r.start, r.bins, x.unit)
	}
	if s.Muscles != nil && len(s.Muscles) != NumMuscles {
		return nil, fmt.Errorf("recording: %s: muscle_len has %d columns, %d expected", path, len(s.Muscles), NumMuscles)
	}
	if len(s.Hand) < 2 || len(s.Hand) > 3 {
		return nil, fmt.Errorf("recording: %s: hand_pos has %d columns, 2 or 3 expected", path, len(s.Hand))
	}
	if err := r.units(s); err != nil {
		return nil, err
	}
	s.Segments = finiteStretches(s.Hand, r.bins)
	if err := r.trials(s); err != nil {
		return nil, err
	}
	return s, s.Check()
}

type nwbReader struct {
	f     *hdf5.File
	path  string
	start float64 // s
	bins  int
}

// text is a string of the file, "" where it is absent.
func (r *nwbReader) text(path string) string {
	d, err := r.f.Dataset(path)
	if err != nil || !d.Dtype.IsString() {
		return ""
	}
	v, err := d.Strings()
	if err != nil || len(v) == 0 {
		return ""
	}
	return v[0]
}

// nwbSeries is a TimeSeries.
type nwbSeries struct {
	n, cols  int
	data     []float64 // [sample][column]
	times    []float64 // s, or nil where samples come at a rate
	t0, rate float64
	metres   bool
	columns  []string // names, where the file gives them
}

func (s *nwbSeries) time(i int) float64 {
	if s.times != nil {
		return s.times[i]
	}
	return s.t0 + float64(i)/s.rate
}

var nwbColumns = regexp.MustCompile(`columns=\[(.*?)\]`)

// series reads a behavioural TimeSeries, nil where it is absent.
func (r *nwbReader) series(name string) (*nwbSeries, error) {
	behavior, err := r.f.Group("/processing/behavior")
	if err != nil {
		return nil, fmt.Errorf("recording: %s: no group /processing/behavior: %w", r.path, err)
	}
	if !behavior.Contains(name) {
		return nil, nil
	}
	fail := func(format string, args ...any) (*nwbSeries, error) {
		return nil, fmt.Errorf("recording: %s: %s: %s", r.path, name, fmt.Sprintf(format, args...))
	}
	g, err := behavior.Group(name)
	if err != nil {
		return nil, err
	}
	d, err := g.Dataset("data")
	if err != nil {
		return nil, err
	}
	if len(d.Shape) < 1 || len(d.Shape) > 2 || d.Rows() < 2 {
		return fail("data of shape %v, [sample][column] expected", d.Shape)
	}
	s := &nwbSeries{n: d.Rows(), cols: d.RowLen()}
	if s.cols < 1 || s.cols > 1024 {
		return fail("%d columns, 1 to 1024 expected", s.cols)
	}
	if s.data, err = d.Float64s(); err != nil {
		return nil, err
	}
	if a, err := d.Attr("conversion"); err == nil {
		if c, err := a.Float64(); err == nil && c != 1 && c != 0 {
			for i := range s.data {
				s.data[i] *= c
			}
		}
	}
	if a, err := d.Attr("unit"); err == nil {
		u, _ := a.Text()
		s.metres = strings.HasPrefix(u, "m/") || u == "m" || strings.HasPrefix(u, "meter") || strings.HasPrefix(u, "metre")
	}
	if a, err := g.Attr("comments"); err == nil {
		text, _ := a.Text()
		if m := nwbColumns.FindStringSubmatch(text); m != nil {
			for c := range strings.SplitSeq(m[1], ",") {
				s.columns = append(s.columns, strings.Trim(strings.TrimSpace(c), `'"`))
			}
		}
	}
	if name == "muscle_len" {
		s.sortMuscles()
	}
	if g.Contains("timestamps") {
		t, err := g.Dataset("timestamps")
		if err != nil {
			return nil, err
		}
		if t.Len() != s.n {
			return fail("%d timestamps for %d samples", t.Len(), s.n)
		}
		if s.times, err = t.Float64s(); err != nil {
			return nil, err
		}
		for i, v := range s.times {
			if math.IsNaN(v) || math.IsInf(v, 0) || i > 0 && v < s.times[i-1] {
				return fail("timestamp %d is %v: ascending times expected", i, v)
			}
		}
		return s, nil
	}
	t, err := g.Dataset("starting_time")
	if err != nil {
		return fail("neither timestamps nor starting_time")
	}
	v, err := t.Float64s()
	if err != nil {
		return nil, err
	}
	a, err := t.Attr("rate")
	if err != nil {
		return nil, err
	}
	if s.rate, err = a.Float64(); err != nil {
		return nil, err
	}
	if len(v) != 1 || math.IsNaN(v[0]) || math.IsInf(v[0], 0) || !(s.rate > 0) || s.rate > 1e6 {
		return fail("starting_time %v and rate %v: a time and a rate in Hz expected", v, s.rate)
	}
	s.t0 = v[0]
	return s, nil
}

// sortMuscles puts the columns in the order of the network's input, if the file
// names all of them.
func (s *nwbSeries) sortMuscles() {
	if s.cols != NumMuscles || len(s.columns) != NumMuscles {
		return
	}
	from := make([]int, NumMuscles)
	for m, name := range arm.MuscleNames {
		i := slices.Index(s.columns, name)
		if i < 0 {
			return
		}
		from[m] = i
	}
	row := make([]float64, NumMuscles)
	for i := range s.n {
		r := s.data[i*s.cols : (i+1)*s.cols]
		copy(row, r)
		for m, j := range from {
			r[m] = row[j]
		}
	}
}

// binned returns [column][bin].
func (s *nwbSeries) binned(start float64, bins int, metre float64) [][]float64 {
	scale := 1.0
	if s.metres {
		scale = metre
	}
	out := make([][]float64, s.cols)
	for c := range out {
		out[c] = make([]float64, bins)
	}
	i := 0
	for b := range bins {
		lo, hi := start+float64(b)*Step, start+float64(b+1)*Step
		// A sample that rounding puts a hair before its bin belongs to it.
		const slack = 1e-7
		for i < s.n && s.time(i) < lo-slack {
			i++
		}
		j := i
		for j < s.n && s.time(j) < hi-slack {
			j++
		}
		for c := range out {
			if j > i {
				var sum float64
				for k := i; k < j; k++ {
					sum += s.data[k*s.cols+c]
				}
				out[c][b] = scale * sum / float64(j-i)
				continue
			}
			out[c][b] = scale * s.between(i, c, (lo+hi)/2)
		}
	}
	return out
}

// between interpolates column c at time t, sample i the first after it; NaN
// outside the samples and across gaps of more than a tenth of a second.
func (s *nwbSeries) between(i, c int, t float64) float64 {
	if i == 0 || i >= s.n {
		return math.NaN()
	}
	t0, t1 := s.time(i-1), s.time(i)
	if t1-t0 > 0.1 || !(t1 > t0) {
		return math.NaN()
	}
	u := (t - t0) / (t1 - t0)
	return (1-u)*s.data[(i-1)*s.cols+c] + u*s.data[i*s.cols+c]
}

// units counts the spikes of each unit.
func (r *nwbReader) units(s *Session) error {
	times, err := r.f.Dataset("/units/spike_times")
	if err != nil {
		return fmt.Errorf("recording: %s: no units with spike times: %w", r.path, err)
	}
	index, err := r.f.Dataset("/units/spike_times_index")
	if err != nil {
		return err
	}
	if index.Len() > maxTrialChannels {
		return fmt.Errorf("recording: %s: %d units, at most %d expected", r.path, index.Len(), maxTrialChannels)
	}
	ends, err := index.Int64s()
	if err != nil {
		return err
	}
	if int64(len(ends))*int64(r.bins) > fileBytes/8 {
		return fmt.Errorf("recording: %s: %d units over %d bins take more than %d bytes", r.path, len(ends), r.bins, fileBytes)
	}
	spikes, err := times.Float64s()
	if err != nil {
		return err
	}
	at := int64(0)
	for u, end := range ends {
		if end < at || end > int64(len(spikes)) {
			return fmt.Errorf("recording: %s: spike_times_index %d is %d of %d spikes", r.path, u, end, len(spikes))
		}
		c := make([]float64, r.bins)
		for _, t := range spikes[at:end] {
			if b := math.Floor((t-r.start)/Step + 1e-6); b >= 0 && b < float64(r.bins) {
				c[int(b)]++
			}
		}
		at = end
		s.Units = append(s.Units, Unit{ID: u})
		s.Counts = append(s.Counts, c)
	}
	return nil
}

// trials reads the table of trials.
func (r *nwbReader) trials(s *Session) error {
	g, err := r.f.Group("/intervals/trials")
	if err != nil {
		return fmt.Errorf("recording: %s: no table of trials: %w", r.path, err)
	}
	n := -1
	column := func(name string, must bool) ([]float64, error) {
		if !g.Contains(name) {
			if must {
				return nil, fmt.Errorf("recording: %s: the trials have no column %s", r.path, name)
			}
			return nil, nil
		}
		d, err := g.Dataset(name)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			n = d.Len()
		}
		if d.Len() != n || n > maxTrials73 {
			return nil, fmt.Errorf("recording: %s: trials' %s has %d values, %d expected", r.path, name, d.Len(), n)
		}
		return d.Float64s()
	}
	start, err := column("start_time", true)
	if err != nil {
		return err
	}
	stop, err := column("stop_time", true)
	if err != nil {
		return err
	}
	cols := map[string][]float64{}
	for _, name := range []string{"move_onset_time", "bump_time", "bump_dir", "cond_dir", "target_dir", "ctr_hold_bump", "target_on_time", "go_cue_time", "id"} {
		if cols[name], err = column(name, false); err != nil {
			return err
		}
	}
	var result []string
	if g.Contains("result") {
		d, err := g.Dataset("result")
		if err != nil {
			return err
		}
		if d.Len() == n && d.Dtype.IsString() {
			if result, err = d.Strings(); err != nil {
				return err
			}
		}
	}
	bin := func(name string, i int) int {
		v := cols[name]
		if v == nil || math.IsNaN(v[i]) {
			return None
		}
		b := math.Floor((v[i]-r.start)/Step + 1e-6)
		if b < 0 || b >= float64(r.bins) {
			return None
		}
		return int(b)
	}
	value := func(name string, i int) float64 {
		if v := cols[name]; v != nil {
			return v[i]
		}
		return math.NaN()
	}
	outside := 0
	for i := range n {
		lo, hi := math.Floor((start[i]-r.start)/Step+1e-6), math.Ceil((stop[i]-r.start)/Step-1e-6)
		if !(lo >= 0) || !(hi <= float64(r.bins)) || !(hi > lo) {
			outside++
			continue
		}
		t := Trial{ID: i, Start: int(lo), End: int(hi), Onset: bin("move_onset_time", i), Stop: int(hi), Bump: None, PeakSpeed: None,
			TargetOn: bin("target_on_time", i), GoCue: bin("go_cue_time", i), Target: value("cond_dir", i) * degree,
			BumpDir: math.NaN(), Rewarded: true, Group: i}
		if math.IsNaN(t.Target) {
			t.Target = value("target_dir", i) * degree
		}
		if id := value("id", i); !math.IsNaN(id) {
			t.ID = int(id)
		}
		if value("ctr_hold_bump", i) == 1 {
			if t.Bump = bin("bump_time", i); t.Bump == None {
				t.Bump = t.Onset // the benchmark aligns passive trials to the bump
			}
			if t.BumpDir = value("bump_dir", i) * degree; math.IsNaN(t.BumpDir) {
				t.BumpDir = t.Target
			}
		}
		if result != nil {
			t.Rewarded = result[i] == "R"
		}
		s.Trials = append(s.Trials, t)
	}
	if outside > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d of %d trials lie outside the recording", outside, n))
	}
	if len(s.Trials) == 0 {
		return fmt.Errorf("recording: %s: no trial of %d lies within the recording", r.path, n)
	}
	return nil
}

// finiteStretches returns the stretches over which all rows are finite.
func finiteStretches(rows [][]float64, n int) []Segment {
	var out []Segment
	open := false
	for t := range n {
		ok := true
		for _, r := range rows {
			ok = ok && !math.IsNaN(r[t]) && !math.IsInf(r[t], 0)
		}
		switch {
		case ok && !open:
			out = append(out, Segment{t, t + 1})
		case ok:
			out[len(out)-1].End = t + 1
		}
		open = ok
	}
	return out
}
