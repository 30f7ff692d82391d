#pragma once

#include "reconciler/ports/api_error.h"

namespace prometheus {
template <typename T>
class Family;
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

/// Metrics are made alike: each name once, with the help that `/metrics` shows. The names are an
/// interface (dashboards and alerts know them). What is returned lives as long as the registry; the
/// library's own locks make it safe on any thread.
namespace sessync::metrics {

/// Each registers a new family: once for a name and a registry.
prometheus::Family<prometheus::Counter>& counter_family(prometheus::Registry& registry,
                                                        const char* name, const char* help);
prometheus::Family<prometheus::Gauge>& gauge_family(prometheus::Registry& registry,
                                                    const char* name, const char* help);
prometheus::Family<prometheus::Histogram>& histogram_family(prometheus::Registry& registry,
                                                            const char* name, const char* help);

/// Prometheus counts in seconds, times from the epoch on; ours are in milliseconds.
double in_seconds(ports::Duration duration);
double in_seconds(ports::TimePoint at);

}  // namespace sessync::metrics
