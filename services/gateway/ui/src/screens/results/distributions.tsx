// How the answers are spread, by arm. Every bar leads to the people behind it.

import { getRouteApi } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { Choice } from "../../components/choice";
import { Panel, Swatch } from "../../components/parts";
import { count, percent, title, words } from "../../format/format";
import { text } from "../../text/text";

const route = getRouteApi("/simulations/$id");
type Distribution = Schema["Distribution"];

export function Distributions({
  distributions,
  armPlace,
}: {
  distributions: Distribution[];
  armPlace: (arm: string) => number;
}) {
  const { metric: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const drawn = distributions.filter((one) => one.bins.length);
  const metrics = [...new Set(drawn.map((one) => one.metric))];
  const metric = metrics.find((one) => one === wanted) ?? metrics[0];
  if (!metric) return null;
  return (
    <Panel
      title={text.results.distributions}
      aside={
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
      }
    >
      <div className="columns">
        {drawn
          .filter((one) => one.metric === metric)
          .map((one) => (
            <Bins key={one.arm} one={one} place={armPlace(one.arm)} />
          ))}
      </div>
      <p className="fine">{text.results.distributionsNote}</p>
    </Panel>
  );
}

function Bins({ one, place }: { one: Distribution; place: number }) {
  const navigate = route.useNavigate();
  const most = Math.max(0.01, ...one.bins.map((bin) => bin.share));
  return (
    <section aria-label={`${words(one.metric)}: ${words(one.arm)}`}>
      <h3 className="subhead">
        <Swatch arm={place} /> {words(one.arm)} <span className="counts">{text.results.n(one.n)}</span>
      </h3>
      {one.bins.map((bin) => (
        <button
          type="button"
          key={bin.label}
          className={`bin arm-${place % 6}`}
          onClick={() =>
            void navigate({ search: { tab: "people", arm: one.arm, metric: one.metric, answer: bin.label } })
          }
        >
          <span>{bin.label}</span>
          <span className="share-track">
            <span style={{ width: `${(bin.share / most) * 100}%` }} />
          </span>
          <span className="counts">{`${percent(bin.share, 0)} · ${count(bin.count)}`}</span>
        </button>
      ))}
    </section>
  );
}
