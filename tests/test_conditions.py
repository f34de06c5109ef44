"""What follows from named conditions, held against truth tables."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auto_lex_permissions import Request, transform
from auto_lex_permissions.cfn.budget import MOST_STEPS, Budget, TooMuchWorkError
from auto_lex_permissions.cfn.conditions import Conditions
from auto_lex_permissions.cfn.diagrams import DEEPEST
from auto_lex_permissions.cfn.formulas import (
    ALWAYS,
    NEVER,
    And,
    Formula,
    Named,
    Not,
    Or,
    all_of,
    any_of,
    expression,
    names,
)
from auto_lex_permissions.cfn.intrinsics import Reference

VALUES = ("a", "b", "c", "other")
PARAMETERS = ("P", "Q", "R")
NAMES = ("C0", "C1", "C2", "C3")
Values = Mapping[str, str]


def equals(parameter: str, value: str) -> dict[str, Any]:
    """Return an Fn::Equals of a parameter and a literal."""
    return {"Fn::Equals": [{"Ref": parameter}, value]}


def definitions() -> st.SearchStrategy[dict[str, object]]:
    """Conditions of which each may be defined through those before it."""
    atom = st.builds(equals, st.sampled_from(PARAMETERS), st.sampled_from(VALUES[:3]))

    def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        operands = st.lists(inner, min_size=2, max_size=3)
        return (
            inner.map(lambda operand: {"Fn::Not": [operand]})
            | operands.map(lambda many: {"Fn::And": many})
            | operands.map(lambda many: {"Fn::Or": many})
        )

    @st.composite
    def draw_all(draw: st.DrawFn) -> dict[str, object]:
        found: dict[str, object] = {}
        for name in NAMES:
            known = [{"Condition": before} for before in found]
            base = atom | st.sampled_from(known) if known else atom
            found[name] = draw(st.recursive(base, grown, max_leaves=4))
        return found

    return draw_all()


def formulas() -> st.SearchStrategy[Formula]:
    """Formulas over the named conditions."""
    return st.recursive(
        st.sampled_from(NAMES).map(Named),
        lambda inner: (
            inner.map(lambda formula: ~formula)
            | st.lists(inner, max_size=3).map(all_of)
            | st.lists(inner, max_size=3).map(any_of)
        ),
        max_leaves=6,
    )


def assignments(allowed: Mapping[str, tuple[str, ...]]) -> Iterator[Values]:
    """Yield every assignment of the parameters."""
    for chosen in itertools.product(*(allowed.get(name, VALUES) for name in PARAMETERS)):
        yield dict(zip(PARAMETERS, chosen, strict=True))


def holds(definition: Any, values: Values, known: Mapping[str, Any]) -> bool:
    """Evaluate a condition as CloudFormation does."""
    ((name, argument),) = definition.items()
    if name == "Condition":
        return holds(known[argument], values, known)
    if name == "Fn::Equals":
        return bool(values[argument[0]["Ref"]] == argument[1])
    results = [holds(operand, values, known) for operand in argument]
    return {"Fn::Not": not results[0], "Fn::And": all(results), "Fn::Or": any(results)}[name]


def true(formula: Formula, values: Values, known: Mapping[str, Any]) -> bool:
    """Evaluate a formula over named conditions."""
    match formula:
        case Named(name):
            return holds(known[name], values, known)
        case Not(inner):
            return not true(inner, values, known)
        case And(parts):
            return all(true(part, values, known) for part in parts)
        case Or(parts):
            return any(true(part, values, known) for part in parts)
    raise AssertionError(formula)


ALLOWED = st.dictionaries(
    st.sampled_from(PARAMETERS),
    st.lists(st.sampled_from(VALUES), min_size=1, unique=True).map(lambda v: tuple(sorted(v))),
)


def equivalent(conditions: Conditions, one: Formula, other: Formula) -> bool:
    """Return whether both are proved to hold in the same deployments."""
    return conditions.implies(one, other) and conditions.implies(other, one)


@given(definitions(), ALLOWED, formulas(), formulas())
def test_implication_is_what_the_truth_table_says(
    known: dict[str, object], allowed: dict[str, tuple[str, ...]], one: Formula, other: Formula
) -> None:
    """Implied, possible and equivalent are exact, with exclusive literals and allowed values."""
    conditions = Conditions(known, allowed)
    table = [
        (true(one, values, known), true(other, values, known)) for values in assignments(allowed)
    ]
    assert conditions.implies(one, other) == all(b for a, b in table if a)
    assert conditions.possible(one) == any(a for a, _ in table)
    assert equivalent(conditions, one, other) == all(a == b for a, b in table)
    assert not conditions.undecided


@given(definitions(), ALLOWED, formulas())
def test_simplified_and_name_for_keep_the_meaning(
    known: dict[str, object], allowed: dict[str, tuple[str, ...]], formula: Formula
) -> None:
    """What is written into the template says what the formula says."""
    conditions = Conditions(known, allowed)
    simplified = conditions.simplified(formula)
    name = conditions.name_for(formula)
    for values in assignments(allowed):
        expected = true(formula, values, known)
        assert true(simplified, values, known) == expected
        if name:
            assert holds(known[name], values, known) == expected


@given(formulas())
def test_an_expression_is_the_formula(formula: Formula) -> None:
    """Written as CloudFormation writes it, a formula has the same truth table."""
    if formula in (ALWAYS, NEVER):
        return
    known: dict[str, Any] = {
        "C0": equals("P", "a"),
        "C1": equals("P", "b"),
        "C2": equals("Q", "a"),
        "C3": equals("R", "a"),
    }
    written = expression(formula)
    for values in assignments({}):
        assert holds(written, values, known) == true(formula, values, known)


@given(formulas())
def test_a_formula_is_shown_as_what_makes_it(formula: Formula) -> None:
    """A failing test prints formulas that can be pasted."""
    known = {"Named": Named, "Not": Not, "And": And, "Or": Or}
    assert eval(repr(formula), known) == formula  # noqa: S307 - a text of this project's own.


def test_ten_operands_at_most() -> None:
    """Fn::And and Fn::Or take 2 to 10 operands; more are nested (rule 2.3)."""
    for count in (2, 10, 11, 21, 101, 111):
        formula = any_of(Named(f"C{number:03}") for number in range(count))
        sizes: list[int] = []
        leaves: list[str] = []
        stack = [expression(formula)]
        while stack:
            match stack.pop():
                case {"Fn::Or": [*operands]}:
                    sizes.append(len(operands))
                    stack += operands
                case {"Condition": str(name)}:
                    leaves.append(name)
        assert sorted(leaves) == sorted(names(formula))
        assert all(2 <= size <= 10 for size in sizes)


def test_what_is_negated_twice_is_as_it_was() -> None:
    """So the opposite of the opposite is written without an Fn::Not."""
    is_prod = Named("IsProd")
    assert ~~is_prod == is_prod
    assert (~ALWAYS, ~NEVER) == (NEVER, ALWAYS)


def test_the_size_of_a_formula_is_how_many_it_is_made_of() -> None:
    """Each question about it takes as many steps (rule 6.8)."""
    a, b = Named("A"), Named("B")
    assert (ALWAYS.size, a.size, (~a).size, (a & ~b).size) == (1, 1, 2, 4)
    whole = any_of([a & ~b, b, ~a])
    assert (whole.size, whole.size) == (8, 8)


def test_a_formula_of_one_is_that_one() -> None:
    """Fn::And and Fn::Or take no single operand (rule 2.3)."""
    name = Named("C0")
    assert all_of((name, name)) == name
    assert any_of((name, name)) == name
    assert (all_of((name, NEVER)), any_of((name, ALWAYS))) == (NEVER, ALWAYS)
    assert (all_of((name, ALWAYS)), any_of((name, NEVER))) == (name, name)


def test_an_existing_condition_is_named_by_the_formulas_own_word() -> None:
    """Of equivalent conditions the one that the author wrote there is taken, then the first."""
    known = {"A": equals("P", "a"), "B": equals("P", "a"), "C": equals("Q", "a")}
    conditions = Conditions(known, {})
    formula = any_of((Named("B"), all_of((Named("B"), Named("C")))))
    assert conditions.name_for(formula) == "B"
    assert conditions.name_for(Not(Not(Named("A")))) == "A"
    assert conditions.name_for(any_of((Named("B"), Named("A")))) == "A"
    assert conditions.name_for(Named("Unknown")) is None


@pytest.mark.parametrize(
    ("parts", "kind", "simpler"),
    [
        pytest.param((Named("A"), And(Named("A"), Named("B"))), Or, Named("A"), id="or"),
        pytest.param((Named("A"), Or(Named("A"), Named("B"))), And, Named("A"), id="and"),
        pytest.param((Named("AB"), And(Named("A"), Named("B"))), Or, Named("AB"), id="a name"),
        pytest.param((Named("B"), Named("A")), Or, Or(Named("A"), Named("B")), id="nothing"),
        pytest.param((Named("Either"), Named("A")), Or, Named("Either"), id="or, a longer name"),
        pytest.param((Named("AB"), Named("A")), And, Named("AB"), id="and, a longer name"),
        pytest.param(
            (And(Named("C"), Named("Either")), And(Named("A"), Named("B")), Named("A")),
            Or,
            Or(Named("A"), And(Named("C"), Named("Either"))),
            id="or, behind what is needed",
        ),
        pytest.param(
            (Or(Named("C"), Not(Named("AB"))), Or(Named("A"), Named("B")), Named("A")),
            And,
            And(Named("A"), Or(Named("C"), Not(Named("AB")))),
            id="and, behind what is needed",
        ),
    ],
)
def test_what_follows_from_the_rest_is_left_out(
    parts: tuple[Formula, ...], kind: type[And | Or], simpler: Formula
) -> None:
    """A new condition says no more than it has to, whatever the order of locales (rule 2.3)."""
    known = {
        "A": equals("P", "a"),
        "B": equals("Q", "a"),
        "C": equals("R", "a"),
        "AB": {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]},
        "Either": {"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]},
    }
    conditions = Conditions(known, {})
    assert conditions.simplified(kind(*parts)) == simpler
    assert conditions.simplified(kind(*parts[::-1])) == simpler


@pytest.mark.parametrize(
    ("definition", "formula"),
    [
        pytest.param({"Fn::Equals": ["a", "a"]}, ALWAYS, id="equal literals"),
        pytest.param({"Fn::Equals": ["a", "b"]}, NEVER, id="different literals"),
        pytest.param({"Fn::Equals": [1, "1"]}, ALWAYS, id="compared as strings"),
        pytest.param({"Fn::Equals": [True, "true"]}, ALWAYS, id="booleans are strings too"),
        pytest.param({"Fn::Equals": ["", ""]}, ALWAYS, id="empty strings"),
        pytest.param({"Fn::Equals": [{"Ref": "P"}, {"Ref": "P"}]}, ALWAYS, id="the same parameter"),
        pytest.param({"Fn::Equals": ["a", {"Ref": "P"}]}, Named("IsA"), id="operands swapped"),
        pytest.param({"Fn::Equals": [{"Fn::Sub": "${P}"}, "a"]}, Named("IsA"), id="respelled"),
        pytest.param({"Fn::And": [{"Condition": "IsA"}, {"Condition": "IsB"}]}, NEVER, id="excl"),
        pytest.param({"Condition": "IsA"}, Named("IsA"), id="a name for another"),
        pytest.param({"Fn::Equals": [{"Ref": "S"}, "z"]}, NEVER, id="not an allowed value"),
        pytest.param({"Fn::Equals": [{"Ref": "S"}, "y"]}, Not(Named("SIsX")), id="the other value"),
        pytest.param({"Fn::Equals": [{"Ref": "O"}, "x"]}, ALWAYS, id="the only value"),
    ],
)
def test_definitions(definition: object, formula: Formula) -> None:
    """Each kind of definition is read as CloudFormation reads it."""
    known = {
        "IsA": equals("P", "a"),
        "IsB": equals("P", "b"),
        "SIsX": equals("S", "x"),
        "It": definition,
    }
    conditions = Conditions(known, {"S": ("x", "y"), "O": ("x",)})
    assert equivalent(conditions, Named("It"), formula)


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param({"Fn::Equals": [{"Ref": "P"}, {"Ref": "Q"}]}, id="two parameters"),
        pytest.param({"Fn::Equals": [{"Fn::FindInMap": ["M", "k", "v"]}, "a"]}, id="a mapping"),
        pytest.param({"Fn::Equals": ["a"]}, id="one operand"),
        pytest.param({"Fn::Equals": [["a"], ["b"]]}, id="lists"),
        pytest.param({"Fn::Contains": [["a"], "a"]}, id="a function of Rules"),
        pytest.param({"Condition": "Unknown"}, id="a name without definition"),
        pytest.param({"Condition": "It"}, id="itself"),
        pytest.param("text", id="no function"),
        pytest.param([equals("P", "a")], id="a list"),
    ],
)
def test_what_is_not_understood_is_a_comparison(definition: object) -> None:
    """It follows from nothing and nothing follows from it, but it is itself."""
    conditions = Conditions({"It": definition, "IsA": equals("P", "a")}, {})
    it = Named("It")
    assert conditions.possible(it)
    assert conditions.possible(Not(it))
    assert conditions.implies(it, it)
    assert not conditions.implies(it, Named("IsA"))
    assert not conditions.implies(Named("IsA"), it)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"Fn::Contains": [["a"], "a"]}, {"Fn::Contains": [["b"], "a"]}, id="function"),
        pytest.param(
            {"Fn::Equals": [{"Ref": "P"}, {"Ref": "Q"}]},
            {"Fn::Equals": [{"Ref": "P"}, {"Ref": "R"}]},
            id="parameters",
        ),
        pytest.param({"Condition": "Unknown"}, {"Condition": "Unheard"}, id="names"),
        pytest.param({"Condition": "One"}, {"Condition": "Other"}, id="cycle"),
    ],
)
def test_two_that_are_not_understood_are_not_the_same(one: object, other: object) -> None:
    """Each is an atom of its own, so neither follows from the other (rule 3.3)."""
    conditions = Conditions({"IsA": equals("P", "a"), "One": one, "Other": other}, {})
    assert not conditions.implies(Named("IsA"), Named("One"))
    assert not conditions.implies(Named("One"), Named("Other"))
    assert not conditions.implies(Named("Other"), Named("One"))


@pytest.mark.parametrize("call", ["Fn::Not", "Fn::And", "Fn::Or"])
@pytest.mark.parametrize(("depth", "is_read"), [(100, True), (101, False)])
def test_definitions_are_read_a_hundred_calls_deep(call: str, depth: int, *, is_read: bool) -> None:
    """What is deeper is taken as something that nothing is known of (rule 6.8)."""
    beside = [] if call == "Fn::Not" else [{"Condition": "IsA"}]
    definition: object = equals("P", "a")
    for _ in range(depth):
        definition = {call: [*beside, definition]}
    conditions = Conditions({"IsA": equals("P", "a"), "It": definition}, {})
    meant = Not(Named("IsA")) if call == "Fn::Not" and depth % 2 else Named("IsA")
    assert equivalent(conditions, Named("It"), meant) is is_read


@pytest.mark.parametrize(
    ("operand", "literal", "is_same"),
    [
        ({"Ref": "A"}, "a", True),
        ({"Fn::Sub": "${A}-x"}, "a-x", True),
        ({"Fn::Sub": "${A}-x"}, "b-x", False),
        ({"Fn::Sub": "${A}-${B}"}, "a-b", None),
        ({"Fn::Sub": "${A}-${B}"}, {"Fn::Sub": "${A}-${C}"}, None),
        ({"Fn::Sub": "${A}-${B}"}, {"Fn::Sub": "a-${B}"}, True),
        ({"Fn::Sub": "${A}-{{resolve:ssm:/b}}"}, "a-b", None),
        ({"Fn::FindInMap": ["M", "k", "v"]}, "a", None),
    ],
)
def test_values_that_are_known_take_the_place_of_references(
    operand: object, literal: object, *, is_same: bool | None
) -> None:
    """As far as they are known: Region, account and parameters of a deployment (rule 4.1)."""
    definitions = {"It": {"Fn::Equals": [operand, literal]}}
    conditions = Conditions(definitions, {}, values={Reference("A"): "a"})
    always, never = conditions.implies(ALWAYS, Named("It")), not conditions.possible(Named("It"))
    assert (always, never) == (is_same is True, is_same is False)


def test_the_order_of_compared_parameters_says_nothing() -> None:
    """P = Q is Q = P."""
    pair = [{"Ref": "P"}, {"Ref": "Q"}]
    known = {"One": {"Fn::Equals": pair}, "Other": {"Fn::Equals": pair[::-1]}}
    assert equivalent(Conditions(known, {}), Named("One"), Named("Other"))


def test_cycles_end() -> None:
    """Conditions defined in a cycle are CloudFormation's to reject."""
    known = {
        "A": {"Fn::And": [{"Condition": "B"}, equals("P", "a")]},
        "B": {"Fn::Not": [{"Condition": "A"}]},
    }
    conditions = Conditions(known, {})
    assert conditions.possible(Named("A"))
    assert conditions.possible(Named("B"))


def test_a_thousand_conditions_in_a_chain() -> None:
    """Depth is no limit where each step asks about few parameters."""
    known: dict[str, object] = {"C0": equals("P", "a")}
    for number in range(1, 1_000):
        known[f"C{number}"] = {"Fn::Not": [{"Condition": f"C{number - 1}"}]}
    conditions = Conditions(known, {})
    assert equivalent(conditions, Named("C0"), Named("C998"))
    assert equivalent(conditions, Named("C0"), Not(Named("C999")))
    assert not conditions.undecided


def _parity(count: int) -> dict[str, object]:
    """Conditions whose diagram over shuffled parameters grows exponentially."""
    pairs = [
        {"Fn::And": [equals(f"A{number}", "x"), equals(f"Z{number}", "x")]}
        for number in range(count)
    ]
    ordered = [equals(f"A{number}", "x") for number in range(count)]
    return {
        "First": {"Fn::Or": ordered},
        "Last": {"Fn::Or": [equals(f"Z{number}", "x") for number in range(count)]},
        "Sum": {"Fn::And": [{"Condition": "First"}, {"Condition": "Last"}, {"Fn::Or": pairs}]},
    }


def test_too_many_comparisons_err_towards_not_proved() -> None:
    """What grows too large is reported, is not taken for proved, and hinders nothing else."""
    conditions = Conditions({**_parity(40), "IsA": equals("P", "a"), "IsB": equals("P", "b")}, {})
    assert not conditions.implies(Named("Sum"), Named("IsA"))
    assert conditions.possible(Named("Sum"))
    assert conditions.undecided
    assert conditions.implies(Named("Sum"), Named("Sum"))
    assert conditions.implies(Named("IsA"), Not(Named("IsB")))
    # The condition itself is decided as a whole from then on.
    assert conditions.implies(all_of((Named("Sum"), Named("IsA"))), Named("Sum"))


def test_a_question_of_too_many_comparisons_is_not_proved() -> None:
    """By itself or as a part of another one; what is left out is never left to it (rule 6.8)."""
    first, last = ([Named(f"{letter}{number}") for number in range(40)] for letter in "AZ")
    conditions = Conditions({one.name: equals(one.name, "x") for one in (*first, *last)}, {})
    pairs = (one & other for one, other in zip(first, last, strict=True))
    too_large = all_of([any_of(first), any_of(last), any_of(pairs)])
    assert conditions.possible(too_large)
    assert not conditions.implies(too_large, any_of(first))
    assert not conditions.implies(first[0], too_large)
    either = any_of([first[0], too_large])
    assert conditions.simplified(either).size == either.size


def test_names_and_simpler_forms_take_steps() -> None:
    """As many as the formula is large, or as there are conditions that mean the same (rule 6.8)."""
    budget = Budget()
    unlike = Not(Not(Named("D")))
    conditions = Conditions({"E": {"Condition": "D"}}, {}, budget)
    budget.spent = 1_000
    conditions.simplified(unlike)
    assert budget.spent >= 1_000 + 5 * unlike.size
    assert conditions.name_for(unlike) == "E"
    budget.spent = MOST_STEPS - unlike.size - 6
    assert conditions.name_for(unlike) == "E"
    budget.spent = MOST_STEPS - unlike.size - 5
    with pytest.raises(TooMuchWorkError, match=r"^Looking for a condition that means the same$"):
        conditions.name_for(unlike)


@pytest.mark.parametrize(("count", "is_proved"), [(DEEPEST, True), (DEEPEST + 1, False)])
def test_too_deep_a_diagram_is_not_proved(count: int, *, is_proved: bool) -> None:
    """A question about more comparisons than Python's stack holds is answered, and reported."""
    known: dict[str, object] = {f"C{n:03}": equals(f"P{n}", "x") for n in range(count)}
    conditions = Conditions(known, {})
    # From the bottom up, so that each step is small and the diagram as deep as it has comparisons.
    *others, last = map(Named, known)
    nearly = all_of(others)
    everything = all_of((*others, last))
    assert conditions.possible(everything)
    assert not conditions.undecided
    assert conditions.implies(any_of((everything, nearly)), nearly) is is_proved
    assert conditions.undecided is (not is_proved)
    # Another question begins anew.
    assert conditions.implies(all_of(others[:2]), others[0])


def test_many_steps_at_little_depth_are_decided() -> None:
    """The depth of a question is that of its diagram, not the number of its steps."""
    known = {f"C{n:03}": equals(f"P{n}", "x") for n in range(60)}
    conditions = Conditions(known, {})
    everything = all_of(Named(name) for name in known)
    assert conditions.possible(everything)
    assert conditions.implies(everything, Named("C059"))
    assert not conditions.implies(Named("C059"), everything)
    assert not conditions.undecided


def test_all_questions_of_a_template_share_their_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small questions come to an end like a large one: not proved, and reported."""
    monkeypatch.setattr("auto_lex_permissions.cfn.diagrams.MOST_OF_QUESTIONS", 40)
    known = {f"C{n:03}": equals(f"P{n}", "x") for n in range(60)}
    conditions = Conditions(known, {})
    assert conditions.implies(Named("C000"), any_of((Named("C000"), Named("C001"))))
    assert not conditions.undecided
    for name in known:
        assert conditions.possible(Named(name))
    assert not conditions.implies(Named("C000"), any_of((Named("C000"), Named("C002"))))
    # What is the same needs no steps.
    everything = all_of(map(Named, known))
    assert conditions.implies(everything, everything)
    assert conditions.undecided


def test_what_is_not_decided_is_reported() -> None:
    """The permission is added, since nothing proves it needless, and the template says so."""
    hook = {"LambdaArn": {"Fn::GetAtt": ["F", "Arn"]}}
    setting = {"CodeHookSpecification": {"LambdaCodeHook": hook}}
    properties = {
        "BotId": "BOT",
        "BotAliasLocaleSettings": [{"BotAliasLocaleSetting": setting}],
    }
    declared = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "F"},
        "Principal": "lexv2.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": ["A", "Arn"]},
    }
    resources = {
        "F": {"Type": "AWS::Lambda::Function"},
        "A": {"Type": "AWS::Lex::BotAlias", "Condition": "Sum", "Properties": properties},
        "P": {"Type": "AWS::Lambda::Permission", "Condition": "IsA", "Properties": declared},
    }
    fragment = {
        "Conditions": {**_parity(40), "IsA": equals("P", "a")},
        "Resources": resources,
    }
    result = transform(Request(fragment, "us-east-1", "123456789012"))
    assert result.permissions_added == 1
    assert [report.entry for report in result.reports] == [
        {"Path": "Conditions", "Code": "ConditionsUndecided", "Id": "ALP111"}
    ]


def test_a_dynamic_reference_may_be_equal_to_anything() -> None:
    """What it comes to is not known, but it is one thing (rule 3.3)."""
    env = "{{resolve:ssm:/env}}"
    definitions = {
        "IsProd": {"Fn::Equals": [env, "prod"]},
        "IsDev": {"Fn::Equals": ["dev", {"Fn::Sub": env}]},
        "IsProdEu": {"Fn::Equals": [f"{env}-eu", "prod-eu"]},
        "IsItself": {"Fn::Equals": [env, env]},
        "IsOther": {"Fn::Equals": [env, "{{resolve:ssm:/other}}"]},
    }
    conditions = Conditions(definitions, {})
    for name in ("IsProd", "IsDev", "IsProdEu", "IsOther"):
        assert conditions.possible(Named(name))
        assert conditions.possible(~Named(name))
    assert not conditions.possible(Named("IsProd") & Named("IsDev"))
    assert conditions.possible(Named("IsProd") & ~Named("IsProdEu"))
    assert conditions.implies(ALWAYS, Named("IsItself"))
