"""What all simulated national systems share: faults by switch, a record of calls, a control API, a runner.

A sandbox builds a `FaultSwitchboard` and a `CallRecorder`, answers through a `FaultyExchange`, serves
`shared_actions` beside its own control actions, and is put on a socket by `serve_sandbox`.
"""

from adapters.sandboxing.clocks import MachineClock, MovedClock, SandboxClock
from adapters.sandboxing.control import (
    ControlAction,
    ControlCall,
    ControlError,
    add_control_routes,
    clock_action,
    shared_actions,
)
from adapters.sandboxing.exchange import Answer, FaultyExchange, cut, end_connection, is_gone
from adapters.sandboxing.faults import (
    HTTP_KINDS,
    RAW_KINDS,
    SANDBOX_VARIANTS,
    TLS_KINDS,
    FaultKind,
    FaultSpec,
    FaultSpecError,
    parse_fault_spec,
)
from adapters.sandboxing.recorder import CallRecord, CallRecorder, Touch
from adapters.sandboxing.runner import RunningSandbox, Sandbox, serve_sandbox
from adapters.sandboxing.switchboard import FaultSwitchboard
from adapters.sandboxing.tls import server_context

__all__ = [
    "HTTP_KINDS",
    "RAW_KINDS",
    "SANDBOX_VARIANTS",
    "TLS_KINDS",
    "Answer",
    "CallRecord",
    "CallRecorder",
    "ControlAction",
    "ControlCall",
    "ControlError",
    "FaultKind",
    "FaultSpec",
    "FaultSpecError",
    "FaultSwitchboard",
    "FaultyExchange",
    "MachineClock",
    "MovedClock",
    "RunningSandbox",
    "Sandbox",
    "SandboxClock",
    "Touch",
    "add_control_routes",
    "clock_action",
    "cut",
    "end_connection",
    "is_gone",
    "parse_fault_spec",
    "serve_sandbox",
    "server_context",
    "shared_actions",
]
