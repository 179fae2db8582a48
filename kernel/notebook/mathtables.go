package notebook

import "strings"

// pairs makes a table of "name symbol name symbol …".
func pairs(list string) map[string]string {
	m := map[string]string{}
	f := strings.Fields(list)
	for i := 0; i+1 < len(f); i += 2 {
		m[f[i]] = f[i+1]
	}
	return m
}

// greek are commands that stand for a name.
var greek = pairs(`alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ
	iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
	Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω
	infty ∞ partial ∂ nabla ∇ ell ℓ hbar ℏ emptyset ∅ Re ℜ Im ℑ % % & & # # $ $ _ _`)

// operators are commands that stand for a sign.
var operators = pairs(`cdot ⋅ times × div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ odot ⊙ otimes ⊗ oplus ⊕ bullet ∙
	le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ sim ∼ simeq ≃ equiv ≡ propto ∝ ll ≪ gg ≫ lt &lt; gt &gt;
	in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ setminus ∖ forall ∀ exists ∃ neg ¬ land ∧ lor ∨
	to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ mapsto ↦ uparrow ↑ downarrow ↓
	ldots … dots … cdots ⋯ vdots ⋮ mid | vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖ | ‖
	langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ { { } } lbrace { rbrace } prime ′ top ⊤ perp ⊥ colon :
	sum ∑ prod ∏ int ∫ iint ∬ oint ∮`)

// under are the operators whose limits stand below and above in a display.
var under = map[string]bool{"sum": true, "prod": true, "max": true, "min": true, "lim": true, "sup": true, "inf": true}

// functions are written upright.
var functions = map[string]bool{
	"sin": true, "cos": true, "tan": true, "arcsin": true, "arccos": true, "arctan": true, "sinh": true, "cosh": true,
	"tanh": true, "exp": true, "log": true, "ln": true, "max": true, "min": true, "lim": true, "sup": true, "inf": true,
	"arg": true, "det": true, "dim": true, "Pr": true,
}

var spaces = map[string]string{
	"quad": "1em", "qquad": "2em", ",": "0.167em", ":": "0.222em", ";": "0.278em", " ": "0.25em", "!": "-0.167em",
}

var accents = pairs(`hat ^ widehat ^ bar ¯ overline ¯ tilde ~ widetilde ~ vec → dot ˙ ddot ¨`)

// doubleStruck are the letters that stand outside the block of the others.
var doubleStruck = map[byte]string{'C': "ℂ", 'H': "ℍ", 'N': "ℕ", 'P': "ℙ", 'Q': "ℚ", 'R': "ℝ", 'Z': "ℤ"}

// tables are the environments with the brackets around them.
var tables = map[string][2]string{
	"matrix": {"", ""}, "pmatrix": {"(", ")"}, "bmatrix": {"[", "]"}, "vmatrix": {"|", "|"},
	"cases": {"{", ""}, "aligned": {"", ""}, "align": {"", ""}, "split": {"", ""},
}
