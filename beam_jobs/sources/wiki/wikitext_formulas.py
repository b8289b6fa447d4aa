"""Pure: formulas within a sentence as a reader might type them; those on lines of their own are dropped."""

import re

TOO_LONG = 60
"""Characters; longer formulas are looked at, as pictures are, not read as words."""
UNREADABLE = "…"
"""Stands for a formula that cannot be typed, so that its sentence keeps its grammar."""
# Alone on a line, but for the colons that indent it and the sentence's comma or full stop.
_BLOCK = re.compile(
    r"^(?:[:*]|[^\S\n])*<math\b[^<>]*(?<!/)>[^<]*(?:<(?!/math)[^<]*)*</math\s*>[ \t.,;]*$", re.MULTILINE | re.IGNORECASE
)
_LETTERS = (
    "α alpha β beta γ gamma δ delta ε epsilon ε varepsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi "
    "π pi ρ rho σ sigma τ tau υ upsilon φ phi φ varphi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi "
    "Σ Sigma Φ Phi Ψ Psi Ω Omega ℓ ell ℏ hbar"
)
_SIGNS = (
    "× times · cdot ÷ div ± pm ∓ mp ≤ le ≤ leq ≥ ge ≥ geq ≠ ne ≠ neq ≈ approx ≡ equiv ∼ sim ∞ infty ∈ in ∉ notin "
    "⊂ subset ⊆ subseteq ∪ cup ∩ cap ∅ emptyset ∀ forall ∃ exists → to → rightarrow ← leftarrow ⇒ Rightarrow ↦ mapsto "
    "… ldots … cdots … dots ∘ circ ° degree ∂ partial ∇ nabla ∑ sum ∏ prod ∫ int ′ prime ⟨ langle ⟩ rangle ∧ land "
    "∨ lor ¬ neg { { } } { lbrace } rbrace % % & & _ _"
)
_FUNCTIONS = "sin cos tan log ln exp lim max min det dim ker gcd"


def _by_command(listed: str) -> dict[str, str]:
    signs = listed.split()
    return dict(zip(signs[1::2], signs[::2], strict=True))


_SYMBOLS = {
    **_by_command(_LETTERS),
    **_by_command(_SIGNS),
    **{name: name for name in _FUNCTIONS.split()},
    **dict.fromkeys(("left", "right", "displaystyle", "textstyle", "big", "Big", "!"), ""),
    **dict.fromkeys((",", ";", ":", " ", "quad", "qquad"), " "),
}
"""What LaTeX's commands look like."""
_COMMAND = re.compile(r"\\([A-Za-z]+|.)")
_FONT = re.compile(
    r"\\(?:mathrm|mathit|mathbf|mathsf|mathcal|mathbb|mathfrak|text|textrm|operatorname|boldsymbol)\s*\{([^{}\\]*)\}"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}\\]{1,9})\}\s*\{([^{}\\]{1,9})\}")
_ROOT = re.compile(r"\\sqrt\s*\{(\w+)\}")
_SCRIPT = re.compile(r"([_^])\{([^{}]*)\}")
_BRACES = re.compile(r"(?<!\\)\{([^{}]*)\}")


def without_blocks(wikitext: str) -> str:
    """Wikitext without the formulas that stand on lines of their own."""
    return _BLOCK.sub("", wikitext) if "<math" in wikitext else wikitext


def readable_formula(latex: str) -> str:
    r"""A short formula in plain characters ("x_1 \le \frac{a}{2}" is "x_1 ≤ a/2"), or else UNREADABLE."""
    text = _ROOT.sub(r"√\1", _FRACTION.sub(r"\1/\2", _FONT.sub(r"\1", latex)))
    text = _BRACES.sub(r"\1", _SCRIPT.sub(_script, text))
    text = _COMMAND.sub(lambda command: _SYMBOLS.get(command[1], command[0]), text)
    text = " ".join(text.replace("~", " ").replace("'", "′").split())
    return UNREADABLE if "\\" in text or len(text) > TOO_LONG else text


def _script(script: re.Match[str]) -> str:
    """What is raised or lowered, in brackets if it is more than a word: "^{n+1}" is "^(n+1)"."""
    return f"{script[1]}{script[2]}" if script[2].isalnum() else f"{script[1]}({script[2]})"
