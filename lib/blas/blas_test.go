package blas

import (
	"testing"

	"gonum.org/v1/gonum/blas/testblas"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// onEveryPath runs a test on each instruction set that the machine has; every
// machine has the portable one.
func onEveryPath(t *testing.T, f func(t *testing.T)) {
	old32, old64, oldFirst := set32, set64, gonumFirst
	defer func() { set32, set64, gonumFirst = old32, old64, oldFirst }()
	gonumFirst = false // the portable set shall be tested, not gonum
	s32, s64 := kernel.Sets32(), kernel.Sets64()
	for i := range s32 {
		set32, set64 = s32[i], s64[i]
		t.Run(s32[i].Name, f)
	}
}

// gonum's own tests of a BLAS, on every path. Its matrices are small, so
// nothing may count as too small for our code.
func TestGonumSuite(t *testing.T) {
	defer func(old int) { tooSmall = old }(tooSmall)
	tooSmall = -1
	impl := Implementation{}
	onEveryPath(t, func(t *testing.T) {
		t.Run("Dgemm", func(t *testing.T) { testblas.TestDgemm(t, impl) })
		t.Run("Dsymm", func(t *testing.T) { testblas.DsymmTest(t, impl) })
		t.Run("Dtrsm", func(t *testing.T) { testblas.DtrsmTest(t, impl) })
		t.Run("Dsyrk", func(t *testing.T) { testblas.DsyrkTest(t, impl) })
		t.Run("Dsyr2k", func(t *testing.T) { testblas.Dsyr2kTest(t, impl) })
		t.Run("Dtrmm", func(t *testing.T) { testblas.DtrmmTest(t, impl) })
		t.Run("Dgemv", func(t *testing.T) { testblas.DgemvTest(t, impl) })
		t.Run("Dger", func(t *testing.T) { testblas.DgerTest(t, impl) })
		t.Run("Dtbmv", func(t *testing.T) { testblas.DtbmvTest(t, impl) })
		t.Run("Dtxmv", func(t *testing.T) { testblas.DtxmvTest(t, impl) })
		t.Run("Dgbmv", func(t *testing.T) { testblas.DgbmvTest(t, impl) })
		t.Run("Dtbsv", func(t *testing.T) { testblas.DtbsvTest(t, impl) })
		t.Run("Dsbmv", func(t *testing.T) { testblas.DsbmvTest(t, impl) })
		t.Run("Dtpsv", func(t *testing.T) { testblas.DtpsvTest(t, impl) })
		t.Run("Dtrmv", func(t *testing.T) { testblas.DtrmvTest(t, impl) })
		t.Run("Dtrsv", func(t *testing.T) { testblas.DtrsvTest(t, impl) })
		t.Run("Dsyr", func(t *testing.T) { testblas.DsyrTest(t, impl) })
		t.Run("Dsyr2", func(t *testing.T) { testblas.Dsyr2Test(t, impl) })
		t.Run("Dspr2", func(t *testing.T) { testblas.Dspr2Test(t, impl) })
		t.Run("Dspr", func(t *testing.T) { testblas.DsprTest(t, impl) })
		t.Run("Dspmv", func(t *testing.T) { testblas.DspmvTest(t, impl) })
		t.Run("Dtpmv", func(t *testing.T) { testblas.DtpmvTest(t, impl) })
		t.Run("Dsymv", func(t *testing.T) { testblas.DsymvTest(t, impl) })
		t.Run("Level1", func(t *testing.T) {
			testblas.DasumTest(t, impl)
			testblas.DaxpyTest(t, impl)
			testblas.DdotTest(t, impl)
			testblas.Dnrm2Test(t, impl)
			testblas.IdamaxTest(t, impl)
			testblas.DswapTest(t, impl)
			testblas.DcopyTest(t, impl)
			testblas.DrotgTest(t, impl, false)
			testblas.DrotmgTest(t, impl)
			testblas.DrotTest(t, impl)
			testblas.DrotmTest(t, impl)
			testblas.DscalTest(t, impl)
		})
	})
}
