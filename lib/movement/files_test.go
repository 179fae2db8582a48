package movement

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// Marker files with the angles that OpenSim's tool found for them: the tool stops
// early, by 0.02 deg in the median and up to 0.3 deg (spec/01, 3.11), so the
// median of all angles is held to 0.1 deg, the bound that issue 3 sets for this
// comparison.
func TestMarkerFiles(t *testing.T) {
	for _, path := range golden.Glob(t, "arm", "opensim40", "ref_ik_*.trc") {
		base := strings.TrimSuffix(path, ".trc")
		monkey := strings.TrimPrefix(filepath.Base(base), "ref_ik_")
		for _, name := range arm.Names() {
			if strings.HasPrefix(monkey, name) {
				monkey = name
			}
		}
		c, err := NewChain(monkey, Fixes{})
		if err != nil {
			t.Fatal(err)
		}
		m, fit, err := c.FromTRC(path)
		if err != nil {
			t.Fatal(err)
		}
		tool, err := c.FromStorage(base + ".sto")
		if err != nil {
			t.Fatal(err)
		}
		if m.Len() != tool.Len() {
			t.Fatalf("%s: %d frames, the tool has %d", path, m.Len(), tool.Len())
		}
		var d []float64
		for i := range m.Joints {
			for k, v := range m.Joints[i] {
				d = append(d, max(v-tool.Joints[i][k], tool.Joints[i][k]-v))
			}
		}
		sort.Float64s(d)
		median, most := d[len(d)/2], d[len(d)-1]
		t.Logf("%s: markers within %.2f mm r.m.s., joints within %.3f deg of the tool's in the median, at most %.3f", filepath.Base(path), 1000*fit.RMS, median, most)
		if !(median <= 0.1) {
			t.Errorf("%s: joints differ from the tool's by %.3f deg in the median, at most %.3f", path, median, most)
		}
	}
}

func TestMarkerFilesRefuse(t *testing.T) {
	c, err := NewChain("snap", Fixes{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	trc := "PathFileType\t4\t(X/Y/Z)\ta.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n" +
		"100\t100\t2\t1\tmm\t100\t1\t2\nFrame#\tTime\tMarker_3\n\t\tX1\tY1\tZ1\n\n1\t0.00\t1\t2\t3\n2\t0.05\t1\t2\t3\n"
	if _, _, err := c.FromTRC(write("slow.trc", trc)); err == nil || !strings.Contains(err.Error(), "slow.trc") || !strings.Contains(err.Error(), "0.05") {
		t.Errorf("20 Hz: %v", err)
	}
	sto := "a\nversion=1\nnRows=1\nnColumns=2\ninDegrees=yes\nendheader\ntime\tshoulder_flexion\n0\t1\n"
	if _, err := c.FromStorage(write("few.sto", sto)); err == nil || !strings.Contains(err.Error(), "shoulder_adduction") {
		t.Errorf("one column: %v", err)
	}
	if _, _, err := c.FromTRC(filepath.Join(dir, "none.trc")); err == nil || !strings.Contains(err.Error(), "none.trc") {
		t.Errorf("missing: %v", err)
	}
}
