// What the answers so far amount to, arm by arm: nothing is compared here and nothing decided.

import { Panel } from "../../components/parts";
import { count, percent } from "../../format/format";
import type { SoFar } from "../../live/run";
import { text } from "../../text/text";
import { EstimatesTable } from "../results/estimates";
import { levelsOf } from "../results/levels";
import type { SideOf } from "../results/sides";
import { Worth } from "../results/verdict";

export function Sums({ soFar, side }: { soFar: SoFar; side: SideOf }) {
  if (!soFar.estimates.length) return null;
  const holds = soFar.estimates.some((one) => one.method.includes("every look"));
  const level = percent(soFar.confidence_level, 0);
  return (
    <Panel title={text.monitor.soFar}>
      <Worth evidence={soFar.evidence} />
      <EstimatesTable
        estimates={soFar.estimates}
        heads={soFar.evidence.sample_ratio}
        levels={levelsOf(soFar.estimates)}
        side={side}
        label={text.monitor.soFar}
      />
      {soFar.only_first ? <p className="fine">{text.monitor.onlyFirst(count(soFar.only_first))}</p> : null}
      <p className="fine">{holds ? text.monitor.soFarHolds(level) : text.monitor.soFarNote(level)}</p>
    </Panel>
  );
}
