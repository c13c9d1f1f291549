"""Whole searches in memory: parameters, modifiers, chains, `_has`, lists and orders over resources held in a dict."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.integration.fhir.evaluator import (
    bare,
    codings,
    compiled,
    date_matches,
    definition,
    holds,
    of_type,
    plain,
    quantity_matches,
    reference_matches,
    reference_of,
    span,
    spans,
    split,
    standard,
    string_matches,
    strings,
    text_matches,
    token_matches,
    uri_matches,
    words,
)

Resource = dict[str, Any]


def _names(element: str, key: str) -> bool:
    """Whether a member is the element of an expression, or one of the types of its choice (`value`, `valueQuantity`)."""
    return key == element or key == f"_{element}" or (key.startswith(element) and key[len(element) :][:1].isupper())


class InMemory:
    """The resources by type and id, and what a search over them finds."""

    def __init__(self, resources: dict[str, dict[str, Resource]], now: datetime) -> None:
        self.resources = resources
        self.now = now
        self._nodes: dict[tuple[str, str], dict[str, list[Any]]] = {}
        self._found: dict[tuple[str, str, str], frozenset[str]] = {}
        self._pointing: dict[tuple[str, str, str], dict[str, set[str]]] = {}

    def forget(self, kind: str, identity: str) -> None:
        """The resource is no longer to be seen."""
        del self.resources[kind][identity]
        self._found.clear()
        self._pointing.clear()
        for (held, _), nodes in self._nodes.items():
            if held == kind:
                nodes.pop(identity, None)

    def nodes(self, kind: str, name: str) -> dict[str, list[Any]]:
        """What the parameter reads off each resource."""
        if (kind, name) not in self._nodes:
            self._nodes[(kind, name)] = self._read(kind, definition(kind, name)["expression"])
        return self._nodes[(kind, name)]

    def _read(self, kind: str, expression: str) -> dict[str, list[Any]]:
        """The values of an expression, evaluated once for all resources that are equal in the elements it names."""
        read = compiled(expression)
        named = set(re.findall(rf"\b{kind}\.`?(\w+)", expression))
        whole = re.search(rf"\b{kind}(?![\w.])", expression) is not None  # a composite stands on the resource itself
        known: dict[str, list[Any]] = {}
        out: dict[str, list[Any]] = {}
        for identity, resource in self.resources.get(kind, {}).items():
            part = resource if whole else {k: v for k, v in resource.items() if any(_names(one, k) for one in named)}
            if "meta" in part and not whole:  # no expression reads these two, and they differ in every resource
                part["meta"] = {k: v for k, v in part["meta"].items() if k not in ("lastUpdated", "versionId")}
            key = json.dumps(part, default=repr)
            if key not in known:
                known[key] = read({"resourceType": kind, **part})
            out[identity] = known[key]
        return out

    def search(self, kind: str, pairs: list[tuple[str, str]]) -> frozenset[str]:
        """The ids that meet all pairs."""
        found = frozenset(self.resources.get(kind, {}))
        for name, value in pairs:
            if name not in ("_count", "_sort", "_total"):
                found &= self.ids(kind, name, value)
        return found

    def ids(self, kind: str, name: str, value: str) -> frozenset[str]:
        key = (kind, name, value)
        if key not in self._found:
            self._found[key] = frozenset(self._ids(kind, name, value))
        return self._found[key]

    def _ids(self, kind: str, name: str, value: str) -> Iterator[str]:
        everything = self.resources.get(kind, {})
        if name.startswith("_has:"):
            yield from self._has(kind, name, value)
        elif "." in name:
            yield from self._chained(kind, name, value)
        elif name == "_id":
            yield from (i for i in everything if i in value.split(","))
        elif name == "_lastUpdated":
            for i, resource in everything.items():
                at = span(resource["meta"]["lastUpdated"])[0]
                prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
                low, high = span(text)
                if self._instant(prefix, low, high, at):
                    yield i
        elif name == "_list":
            entries = self.resources.get("List", {}).get(value, {}).get("entry", [])
            yield from ({e["item"]["reference"].split("/")[-1] for e in entries} & set(everything))
        else:
            base, _, modifier = name.partition(":")
            for i, nodes in self.nodes(kind, base).items():
                if self._matches(kind, base, modifier, value, nodes):
                    yield i

    @staticmethod
    def _instant(prefix: str, low: datetime, high: datetime, at: datetime) -> bool:
        return {
            "eq": low <= at < high,
            "ne": not low <= at < high,
            "gt": at >= high,
            "ge": at >= low,
            "lt": at < low,
            "le": at < high,
            "sa": at >= high,
            "eb": at < low,
        }[prefix]

    def _matches(self, kind: str, name: str, modifier: str, value: str, nodes: list[Any]) -> bool:
        found = definition(kind, name)
        if modifier == "missing":
            return (not nodes) == (value == "true")
        if modifier in ("in", "not-in"):
            wanted = self.value_set(value)
            free = {code for _, code in wanted}
            held = any(c in wanted or (c[0] is None and c[1] in free) for node in nodes for c in codings(node))
            return held == (modifier == "in")
        values = split(value, ",")
        if found["kind"] in ("string",) and modifier != "missing":
            return any(string_matches(nodes, modifier, one) for one in values)
        if found["kind"] == "text":
            held = {word for node in nodes for word in words(re.sub(r"<[^>]*>|&[#\w]+;", " ", str(node)))}
            return any(all(any(h.startswith(w) for h in held) for w in words(one)) for one in values)
        if modifier == "not":
            return not any(token_matches(node, one) for node in nodes for one in values)
        return any(self._one(kind, found, modifier, one, node) for node in nodes for one in values)

    def _one(self, kind: str, found: dict[str, Any], modifier: str, value: str, node: Any) -> bool:
        match found["kind"], modifier:
            case "token", "text":
                return text_matches(node, value)
            case "token", "of-type":
                return of_type(node, value)
            case "token", _:
                return token_matches(node, value)
            case "date", _:
                return date_matches(node, value, self.now)
            case "quantity" | "number", _:
                return quantity_matches(node, value)
            case "reference", "identifier":
                return isinstance(node, dict) and token_matches(node.get("identifier"), value)
            case "reference", _:
                return reference_matches(node, value, modifier or self.only_target(kind, found["name"]))
            case "uri", _:
                return uri_matches(node, modifier, value)
            case "composite", _:
                return self._composite(kind, found, value, node)
        raise AssertionError(found)

    @staticmethod
    def only_target(kind: str, name: str) -> str:
        """The type that a bare id means: the one the expression names."""
        types = re.findall(r"resolve\(\) is (\w+)", standard()[kind][name]["expression"])
        return types[0] if len(types) == 1 else "Patient" if name == "patient" else ""

    def _composite(self, kind: str, found: dict[str, Any], value: str, node: Any) -> bool:
        for (name, expression), half in zip(found["parts"], split(value, "$"), strict=True):
            part = dict(definition(kind, name), name=name)
            held = [n for option in expression.split("|") for n in self._below(node, option.strip())]
            if part["kind"] == "string":
                if not string_matches(held, "", half):
                    return False
            elif not any(self._one(kind, part, "", half, n) for n in held):
                return False
        return True

    @staticmethod
    def _below(node: Any, option: str) -> list[Any]:
        chosen = re.match(r"value\.ofType\((\w+)\)", option)
        name = "value" + chosen[1][0].upper() + chosen[1][1:] if chosen else option
        held = node.get(name, node.get("valueCodeableConcept") if option == "value" else None)
        return [] if held is None else held if isinstance(held, list) else [held]

    def value_set(self, address: str) -> set[tuple[str, str]]:
        found = next(v for v in self.resources["ValueSet"].values() if v["url"] == address)
        return {(i.get("system", ""), c["code"]) for i in found["compose"]["include"] for c in i["concept"]}

    def _chained(self, kind: str, name: str, value: str) -> Iterator[str]:
        head, _, rest = name.partition(".")
        base, _, target = head.partition(":")
        target = target or self.only_target(kind, base)
        matched: dict[str, frozenset[str]] = {}
        for i, nodes in self.nodes(kind, base).items():
            for node in nodes:
                parts = reference_of(node).split("/")
                if len(parts) < 2 or "://" in reference_of(node) or (target and parts[0] != target):
                    continue
                if parts[0] not in matched:
                    knows = rest.split(".")[0].split(":")[0] in (*standard().get(parts[0], {}), "_id", "_has")
                    matched[parts[0]] = self.ids(parts[0], rest, value) if knows else frozenset()
                if parts[1] in matched[parts[0]]:
                    yield i

    def _has(self, kind: str, name: str, value: str) -> Iterator[str]:
        _, source, base, rest = name.split(":", 3)
        matched = self.ids(source, rest, value)
        for i, holders in self.pointing(kind, source, base).items():
            if holders & matched:
                yield i

    def pointing(self, kind: str, source: str, name: str) -> dict[str, set[str]]:
        """Which resources of `source` point to each resource of the type through the parameter."""
        key = (kind, source, name)
        if key not in self._pointing:
            out: dict[str, set[str]] = {}
            for i, nodes in self.nodes(source, name).items():
                for node in nodes:
                    parts = [] if "://" in reference_of(node) else reference_of(node).split("/")  # another server's
                    if len(parts) > 1 and parts[-2] == kind and parts[-1] in self.resources.get(kind, {}):
                        out.setdefault(parts[-1], set()).add(i)
            self._pointing[key] = out
        return self._pointing[key]

    def sort_key(self, kind: str, key: str, identity: str) -> Any:
        """What a resource sorts by, or None: the smallest value, downwards the largest."""
        name, down = key.lstrip("-"), key.startswith("-")
        if name == "_id":
            return identity
        if name == "_lastUpdated":
            return span(self.resources[kind][identity]["meta"]["lastUpdated"])[0]
        held: list[Any] = []
        for node in self.nodes(kind, name)[identity]:
            match definition(kind, name)["kind"]:
                case "date":
                    held += [low for low, _ in spans(node)]
                case "string":
                    held += [((words(t) or [""])[0], plain(t), t) for t in strings(node)]
                case "token":
                    held += [f"{code}\x1f{system or ''}" for system, code in codings(node)]
                case "quantity" | "number":
                    held += [float(node["value"] if isinstance(node, dict) else node)]
                case "uri":
                    held.append(str(node))
        return (max if down else min)(held) if held else None


__all__ = ["InMemory", "bare", "holds"]
