package run

import "fmt"

// A Tier is the size of a run. The code is the same for all; only the amount
// of data and of training differs.
type Tier string

const (
	// Smoke is tiny and shows that everything works: minutes on two cores for all notebooks.
	Smoke Tier = "smoke"
	// Laptop gives real shapes of the results in some hours on two cores.
	Laptop Tier = "laptop"
	// Paper is the paper's own size.
	Paper Tier = "paper"
)

// ParseTier returns the tier of that name.
func ParseTier(name string) (Tier, error) {
	switch t := Tier(name); t {
	case Smoke, Laptop, Paper:
		return t, nil
	}
	return "", fmt.Errorf("unknown tier %q: use smoke (minutes), laptop (hours) or paper (the paper's size)", name)
}

// Pick returns the number that belongs to the tier.
func (t Tier) Pick(smoke, laptop, paper int) int {
	switch t {
	case Smoke:
		return smoke
	case Laptop:
		return laptop
	case Paper:
		return paper
	}
	panic(fmt.Sprintf("run: unknown tier %q: use run.Smoke, run.Laptop or run.Paper", string(t)))
}
