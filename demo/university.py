"""Who and what there is at the university, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)  # a simulated week: the wall clock plays no part
CATEGORIES = {  # what one is called, share of the resources, capacity, longest reservation in minutes
    "rooms": ("room", 0.60, (8, 60), 240),
    "labs": ("lab", 0.20, (10, 30), 480),
    "auditoriums": ("auditorium", 0.05, (120, 500), 600),
    "equipment": ("device", 0.15, (1, 4), 2_880),
}
ROLES = {
    "student": ("booking:create",),
    "lecturer": ("booking:create", "booking:priority"),
    "lab-manager": ("booking:create", "approval:decide", "approval:delegate"),
    "facility-manager": ("booking:create", "booking:override", "approval:decide"),
}
FULL_SIZE = (2_000, 300, 20_000)
POPULARITY = 1.15  # 1: all places are wanted alike


@dataclass(frozen=True)
class Place:
    resource_id: str
    category_id: str
    capacity: int
    max_minutes: int


@dataclass
class University:
    """`size` 1 is 2,000 users, 300 resources and 20,000 reservations; other sizes are in proportion."""

    seed: int
    size: float
    rng: Random = field(init=False)
    users: list[str] = field(init=False)
    places: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        users, resources, reservations = (max(20, round(count * self.size)) for count in FULL_SIZE)
        self.reservations = reservations
        self.users = [f"u-{number:05d}" for number in range(1, users + 1)]
        self.places = [place for category in CATEGORIES for place in self._places(category, resources)]
        self.rng.shuffle(self.places)

    def wanted_place(self) -> Place:
        """Some are wanted more than others."""
        return self.places[int(len(self.places) * self.rng.random() ** POPULARITY)]

    def user(self) -> str:
        return self.rng.choice(self.users)

    def _places(self, category: str, resources: int) -> list[Place]:
        one, share, (least, most), max_minutes = CATEGORIES[category]
        count = max(2, round(resources * share))
        names = [f"{one}-{number:03d}" for number in range(1, count + 1)]
        return [Place(name, category, self.rng.randint(least, most), max_minutes) for name in names]
