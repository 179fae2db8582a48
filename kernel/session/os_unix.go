//go:build unix

package session

import (
	"os"
	"syscall"
)

// ownGroup puts the worker into a process group of its own, so that an
// interrupt typed at a terminal does not reach it and its children can be
// ended with it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the worker and the processes that it started.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }

// privateCopy returns a copy of a file descriptor that user code does not know.
func privateCopy(fd int) (*os.File, error) {
	n, err := syscall.Dup(fd)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(n)
	return os.NewFile(uintptr(n), ""), nil
}
