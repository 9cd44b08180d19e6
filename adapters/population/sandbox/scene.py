"""What a hostile reply is made of: the truth of the call, and the means to say something else in its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.population.sandbox import replies
from adapters.population.sandbox.admission import Caller, Edge
from adapters.population.sandbox.operations import VERIFY
from adapters.population.sandbox.person import Person
from adapters.population.sandbox.profile import PopulationProfile
from adapters.population.sandbox.questions import Question
from adapters.population.sandbox.register import Register
from adapters.population.sandbox.replies import Prefixes
from adapters.population.sandbox.seeds import SEEDS
from adapters.population.sandbox.speaking import MARK, Told, wrapped
from adapters.sandboxing import Answer

PREFIXES = Prefixes()


@dataclass(frozen=True, slots=True)
class Scene:
    """One call to be answered badly. Where the truth names nobody, the lie is about the plain person."""

    told: Told
    caller: Caller
    profile: PopulationProfile
    register: Register
    now: datetime

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.told.question

    @property
    def is_verification(self) -> bool:
        """Whether existence was asked for."""
        return self.question.operation == VERIFY

    @property
    def person(self) -> Person:
        """Whom the reply is about."""
        return self.told.people[0] if self.told.people else SEEDS["plain"]

    def payload(self) -> str:
        """Give a sound payload: of this operation, about this person."""
        if self.is_verification:
            return replies.verification(True, self.profile, PREFIXES)
        return self.collection(self.person)

    def collection(self, *people: Person) -> str:
        """Give a sound collection, whatever was asked for."""
        return replies.collection(people, self.question, self.profile, PREFIXES, self.now)

    def envelope(self, payload: str | None = None) -> str:
        """Give an envelope around a payload, the sound one by default."""
        return replies.envelope(self.payload() if payload is None else payload, PREFIXES)

    def say(self, text: str, http_status: int = 200, content_type: str = "") -> Answer:
        """Send a text as the edge sends envelopes: as it is, or within the wrapper's JSON."""
        if self.caller.edge is Edge.WRAP and not content_type:
            return wrapped(text, None, self.profile)
        return self.say_bytes(text.encode(), http_status, content_type)

    def say_bytes(
        self,
        body: bytes,
        http_status: int = 200,
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send bytes as they are, on every edge."""
        return Answer(body, http_status, content_type or self.profile.content_type, {**MARK, **(headers or {})})


Lie = Callable[[Scene], Answer]


def inside_citizen(scene: Scene, text: str) -> Answer:
    """Put `text` at the end of the person's record, or of the verification."""
    payload = scene.payload()
    end = f"</ns1:{scene.profile.verification_root}>" if scene.is_verification else "</ns1:CongDan>"
    return scene.say(scene.envelope(payload.replace(end, text + end, 1)))


def renamed(person: Person, number: str, given: str) -> Person:
    """Give the same record under another number and given name."""
    return replace(person, number=number, name=(person.name[0], person.name[1], given))
