"""What Prometheus reads at `/metrics`. Labels are our own names (provider, kind, outcome), never a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

TURNS = Counter("nyota_turns", "USSD turns by provider and what was said", ["provider", "said"], registry=REGISTRY)
TURNS_SECONDS = Histogram(
    "nyota_turn_seconds",
    "Time to answer a USSD turn",
    ["provider"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
ATTEMPTS = Counter("nyota_attempts", "Operation attempts", ["kind", "step", "outcome"], registry=REGISTRY)
CALLBACKS = Counter("nyota_callbacks", "Rail callbacks", ["rail", "purpose", "verdict"], registry=REGISTRY)
ALARMS = Counter("nyota_alarms", "Contradictions a person must look at", ["topic"], registry=REGISTRY)
OPEN_OPERATIONS = Gauge("nyota_open_operations", "Operations not settled yet", ["state"], registry=REGISTRY)
RAIL_PAUSED = Gauge("nyota_rail_paused", "Whether people hold a rail back", ["rail", "direction"], registry=REGISTRY)
RAIL_AWAY = Gauge("nyota_rail_away", "Whether an API was found away", ["rail", "api"], registry=REGISTRY)
FLOAT = Gauge(
    "nyota_float_shillings", "What a shortcode has to pay out of, as told last", ["shortcode"], registry=REGISTRY
)
MENUS_REFUSED = Gauge("nyota_menus_refused", "Findings in menus that were not taken over", registry=REGISTRY)
QUEUE_AGE = Gauge("nyota_queue_age_seconds", "How long the oldest due operation has waited", registry=REGISTRY)
