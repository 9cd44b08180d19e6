"""The mapping sets of one process: read at the start, kept current, used by workers, asked by the API."""

from dataclasses import dataclass, field

from gateway.bootstrap.ground import Ground
from gateway.engine.codes import CodeTranslator, SeenCodes, UncountedCodes
from gateway.engine.mappings import LOOK_SECONDS, MappingKeeper
from gateway.engine.scheduler import Job
from gateway.ports.mapping import CodeMapper, CurrentMapper, StoredSets
from gateway.store.mappings import PostgresMappings
from mappings.sets.lint import read_collection
from mappings.sets.translate import MappingSets


def read_stored(stored: StoredSets) -> CodeMapper:
    """Read a load of the store. Raises ConfigurationError when this program cannot use it."""
    return MappingSets(read_collection(stored.files, None), version=stored.version)


@dataclass(slots=True)
class Mappings:
    """What the parts of a process share about mapping sets."""

    keeper: MappingKeeper
    current: CurrentMapper
    seen: SeenCodes = field(default_factory=SeenCodes)

    @property
    def translator(self) -> CodeTranslator:
        return CodeTranslator(self.current, self.seen)

    @property
    def uncounted(self) -> CodeTranslator:
        """Translates likewise, for comparisons."""
        return CodeTranslator(self.current, UncountedCodes())

    def job(self) -> Job:
        return Job("mappings", LOOK_SECONDS, self.keeper.turn)


async def make_mappings(ground: Ground, *, is_worker: bool) -> Mappings:
    """Read the sets in force: nothing may be translated before. Raises StoreUnavailable or ConfigurationError."""
    current, seen = CurrentMapper(), SeenCodes()
    keeper = MappingKeeper(
        PostgresMappings(ground.pool, clock=ground.clock),
        current,
        read_stored,
        seen=seen if is_worker else None,
        clock=ground.clock,
        say=ground.telemetry.say,
    )
    await keeper.refresh()
    if is_worker:
        ground.closers.append(keeper.write_seen)
    return Mappings(keeper, current, seen)
