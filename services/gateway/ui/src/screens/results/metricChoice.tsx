// The metric that distributions, segments and the people's table are about. It stands in the address.

import { getRouteApi } from "@tanstack/react-router";
import { Choice } from "../../components/choice";
import { title } from "../../format/format";
import { text } from "../../text/text";

const route = getRouteApi("/simulations/$id");

/** The chosen metric if it is one of these, else the first of them. */
export function useMetric(metrics: string[]): string | undefined {
  const { metric } = route.useSearch();
  return metrics.find((one) => one === metric) ?? metrics[0];
}

export function MetricChoice({ metrics, metric }: { metrics: string[]; metric: string }) {
  const navigate = route.useNavigate();
  if (metrics.length < 2) return null;
  return (
    <Choice
      size="xs"
      aria-label={text.results.metric}
      options={metrics.map((name) => ({ value: name, label: title(name) }))}
      value={metric}
      choose={(name) =>
        void navigate({
          search: (now) => ({ ...now, tab: "results", metric: name }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  );
}
