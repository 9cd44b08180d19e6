"""The national monitoring system, simulated from the monitoring notes alone; knows nothing of the province's side."""

from adapters.monitoring.sandbox.asking import Asked
from adapters.monitoring.sandbox.findings import Finding, FindingKind
from adapters.monitoring.sandbox.habits import Habit, PullerSettings, SettingsError
from adapters.monitoring.sandbox.profile import MonitoringProfile
from adapters.monitoring.sandbox.puller import Puller, PullRound
from adapters.monitoring.sandbox.sandbox import MONITORING_KINDS, MonitoringSandbox

__all__ = [
    "MONITORING_KINDS",
    "Asked",
    "Finding",
    "FindingKind",
    "Habit",
    "MonitoringProfile",
    "MonitoringSandbox",
    "PullRound",
    "Puller",
    "PullerSettings",
    "SettingsError",
]
