"""The callers of a random template, with an Fn::If at any level of their hooks."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.laws import spellings
from tests.laws.evaluator import Template
from tests.laws.functions import Target
from tests.laws.ground import Ground, Place, no_value
from tests.laws.rewriting import branches
from tests.laws.trial import OURS

LOCALES = ("en_US", "ja_JP", "de_DE")


@dataclass(frozen=True, slots=True)
class Caller:
    """A bot alias or test alias, in the ways in which the author's permissions may name it."""

    logical_id: str
    condition: str | None
    place: Place
    exact: tuple[Any, ...]
    wide: tuple[Any, ...]
    never: tuple[Any, ...]
    elsewhere: tuple[Any, ...]


@dataclass
class Hooks:
    """Draws the callers, and keeps which names which function."""

    ground: Ground
    targets: list[Target]
    callers: list[Caller] = field(default_factory=list)
    used: list[tuple[Caller, Target]] = field(default_factory=list)
    # The versions of bots: where each exists, and its BotId.
    versions: dict[str, tuple[Place, Any]] = field(default_factory=dict)

    def draw(self) -> None:
        """Draw bots with test aliases, and bot aliases with locales."""
        ground = self.ground
        bots: dict[str, str | None] = {}
        for number in range(ground.count(4, 61, 25, 10)):
            bots[f"Bot{number}"] = ground.optional_condition(30)
            self._bot(f"Bot{number}", bots[f"Bot{number}"])
        for name in bots:
            if ground.chance(18):
                self._version(f"VersionOf{name}", name, bots)
        weights = (4, 44, 30, 14, 8) if bots else (5, 95)
        for number in range(ground.count(*weights)):
            self._alias(f"Alias{number}", bots)

    def _bot(self, name: str, condition: str | None) -> None:
        ground = self.ground
        resource = ground.add(name, "AWS::Lex::Bot", {"Name": name.lower()}, condition)
        if not ground.chance(40):
            return
        caller = Caller(
            name,
            condition,
            ground.place_of(condition),
            exact=tuple(spellings.of_test_alias(name)),
            wide=tuple(spellings.of_all_aliases({"Ref": name})),
            never=(*spellings.of_attribute(name, "Arn"), *spellings.of_no_alias({"Ref": name})),
            elsewhere=tuple(spellings.of_elsewhere({"Ref": name})),
        )
        self.callers.append(caller)
        resource["Properties"]["TestBotAliasSettings"] = ground.guarded(
            caller.place,
            25,
            lambda here: {"BotAliasLocaleSettings": self._settings(caller, here)},
        )
        self._opt_out(resource)

    def _version(self, name: str, bot: str, bots: dict[str, str | None]) -> None:
        """Draw a version of a bot, or of one of two bots."""
        ground = self.ground
        within = ground.conditions_within(ground.place_of(bots[bot]))
        if not within:
            return
        condition = ground.pick(within)
        place = ground.place_of(condition)
        bot_id: Any = {"Ref": bot}
        others = self._others(bot, bots, place)
        chosen = ground.optional_condition(50)
        if others and chosen is not None:
            bot_id = {"Fn::If": [chosen, bot_id, {"Ref": ground.pick(others)}]}
        properties = {"BotId": bot_id, "BotVersionLocaleSpecification": []}
        ground.add(name, "AWS::Lex::BotVersion", properties, condition)
        self.versions[name] = (place, bot_id)

    def _others(self, bot: str, bots: dict[str, str | None], place: Place) -> list[str]:
        """Return the other bots that exist at a place."""
        places = {other: self.ground.place_of(bots[other]) for other in bots if other != bot}
        return [other for other, own in places.items() if place.within(own)]

    def _alias(self, name: str, bots: dict[str, str | None]) -> None:
        ground = self.ground
        bot = None if not bots or ground.chance(12) else ground.pick(list(bots))
        place = ground.everywhere if bot is None else ground.place_of(bots[bot])
        within = ground.conditions_within(place)
        if not within:
            return
        condition = None if None in within and ground.chance(50) else ground.pick(within)
        place = ground.place_of(condition)
        bot_id = self._bot_id(bot, bots, place)
        properties: Template = {"BotAliasName": name.lower(), "BotId": bot_id}
        resource = ground.add(name, "AWS::Lex::BotAlias", properties, condition)
        bot_ids = (bot_id, *self._meant(bot_id))
        caller = Caller(
            name,
            condition,
            place,
            exact=tuple(spellings.of_bot_alias(name, ground.pick(bot_ids))),
            wide=tuple(spellings.of_all_aliases(ground.pick(bot_ids))),
            never=(
                {"Fn::Sub": f"${{{name}.Arn}}/*"},
                {"Fn::Sub": f"${{{name}.Arn}}\n"},
                *spellings.of_no_alias(bot_id),
            ),
            elsewhere=tuple(spellings.of_elsewhere(bot_id)),
        )
        self.callers.append(caller)
        if ground.chance(94):
            properties["BotAliasLocaleSettings"] = self._settings(caller, place)
        self._opt_out(resource)

    def _bot_id(self, bot: str | None, bots: dict[str, str | None], place: Place) -> Any:
        """Return the BotId of an alias that exists at a place."""
        ground = self.ground
        if bot is None:
            parameter = ground.parameter("BotParameter")
            return ground.pick(("ABCDEFGHIJ", parameter, {"Fn::ImportValue": "bot-id"}))
        versions = [name for name, (own, _) in self.versions.items() if place.within(own)]
        if versions and ground.chance(60):
            return ground.pick(tuple(spellings.of_attribute(ground.pick(versions), "BotId"))[:3])
        others = self._others(bot, bots, place)
        condition = ground.optional_condition(12)
        if others and condition is not None:
            return {"Fn::If": [condition, {"Ref": bot}, {"Ref": ground.pick(others)}]}
        plain = {"Ref": bot}
        spelled = (*spellings.of_attribute(bot, "Id"), {"Fn::Sub": f"${{{bot}}}"})
        return ground.pick((plain, plain, plain, *spelled))

    def _meant(self, bot_id: Any) -> list[Any]:
        """Return the bots that a version is of, one of which a BotId means."""
        meant = (own for name, (_, own) in self.versions.items() if f"{name}." in _dotted(bot_id))
        return [branch for own in meant for branch in branches(own)]

    def _opt_out(self, resource: Template) -> None:
        """Opt a caller out now and then, or write what is the default (5.1)."""
        if self.ground.chance(6):
            resource["Metadata"] = {OURS: {"Enabled": self.ground.pick((False, "false", True))}}

    # The tree of locale settings.

    def _settings(self, caller: Caller, place: Place) -> Any:
        """Return the list of locales."""
        return self.ground.guarded(place, 18, lambda here: self._locales(caller, here))

    def _locales(self, caller: Caller, place: Place) -> list[Any]:
        """Return up to three locales, or rarely one for each of many conditions."""
        ground = self.ground
        if ground.many and ground.chance(60):
            return self._one_hook_under_each(caller, place)
        names = LOCALES[: ground.count(4, 56, 28, 12)]
        return [ground.guarded(place, 22, partial(self._locale, caller, name)) for name in names]

    def _one_hook_under_each(self, caller: Caller, place: Place) -> list[Any]:
        """Return one locale for each of many conditions, all with the same hook."""
        hook = {"LambdaCodeHook": {"LambdaArn": self._arn(caller, place)}}
        setting = {"Enabled": True, "CodeHookSpecification": hook}
        return [
            {"Fn::If": [name, {"LocaleId": name, "BotAliasLocaleSetting": setting}, no_value()]}
            for name in self.ground.many
        ]

    def _locale(self, caller: Caller, name: str, place: Place) -> Template:
        setting = self.ground.guarded(
            place, 10, lambda here: self._setting(caller, here), required=self.ground.chance(60)
        )
        return {"LocaleId": name, "BotAliasLocaleSetting": setting}

    def _setting(self, caller: Caller, place: Place) -> Template:
        setting: Template = {"Enabled": self.ground.pick((True, False))}
        if self.ground.chance(94):
            setting["CodeHookSpecification"] = self.ground.guarded(
                place, 20, lambda here: self._specification(caller, here)
            )
        return setting

    def _specification(self, caller: Caller, place: Place) -> Template:
        hook = self.ground.guarded(
            place, 10, lambda here: self._hook(caller, here), required=self.ground.chance(60)
        )
        return {"LambdaCodeHook": hook}

    def _hook(self, caller: Caller, place: Place) -> Template:
        arn = self.ground.guarded(place, 25, lambda here: self._arn(caller, here))
        return {"CodeHookInterfaceVersion": "1.0", "LambdaArn": arn}

    def _arn(self, caller: Caller, place: Place) -> Any:
        """Return a LambdaArn that may stand at a place."""
        target = self.ground.pick(self.targets)
        self.used.append((caller, target))
        return target.spelled(self.ground, place, lambda rest: self._fallback(caller, rest))

    def _fallback(self, caller: Caller, place: Place) -> Any:
        """Return what stands where a function does not exist."""
        others = [target for target in self.targets if place.within(target.place)]
        if not others or self.ground.chance(60):
            return no_value()
        target = self.ground.pick(others)
        self.used.append((caller, target))
        return self.ground.pick(target.arns)


def _dotted(bot_id: Any) -> str:
    """Return the attribute that a BotId names, as one text."""
    named = bot_id.get("Fn::GetAtt") if isinstance(bot_id, dict) else None
    return ".".join(named) if isinstance(named, list) else str(bot_id)
