"""What a viewer sees of the overview: by his rights, and where he has them. Who sees the same shares one rendering."""

from typing import NamedTuple

from cloud.console.access.rights import Right, Scope, Signed


class Seen(NamedTuple):
    """whole: rights that he has over all of the campus; some: those that he has anywhere. places: where he sees it."""

    whole: frozenset[Right]
    some: frozenset[Right]
    places: tuple[Scope, ...]

    def sees(self, box: str = "", merchant: str = "") -> bool:
        """Is this place among his?"""
        return any(scope.takes(box, merchant) for scope in self.places)


def seen_by(signed: Signed) -> Seen | None:
    """None: no part of the campus."""
    if not signed.may(Right.SEE_CAMPUS):
        return None
    rights = frozenset(right for right in Right if signed.may(right))
    whole = frozenset(right for right in rights if signed.everywhere(right))
    return Seen(whole, rights, tuple(sorted(set(signed.scopes(Right.SEE_CAMPUS)))))
