// What stands between a draft and a run: the list of what is missing, what it will cost, and whether it can find anything.

import { Text } from "@mantine/core";
import type { Schema } from "../../api/client";
import { Icon } from "../../components/icons";
import { Panel, Stat } from "../../components/parts";
import type { Issue, Subject } from "../../design/checks";
import {
  count,
  dollars,
  duration,
  large,
  number,
  percent,
  points,
  readable,
  sentence,
  title,
} from "../../format/format";
import { designing } from "../../text/designing";
import { text } from "../../text/text";

interface Checked {
  issues: Issue[];
  doubts: Issue[];
  /** What is allowed and may not be meant. */
  odd: Issue[];
  choose: (node: Subject) => void;
}

export function Checklist({ issues, doubts, odd, choose }: Checked) {
  return (
    <Panel
      title={text.design.checklist}
      aside={<span className="counts">{issues.length ? count(issues.length) : null}</span>}
    >
      {issues.length || doubts.length ? null : (
        <p className="good-line">
          <Icon name="check" size={16} /> {text.design.ready}
        </p>
      )}
      {doubts.length && !issues.length ? <p className="fine">{designing.doubtful}</p> : null}
      <ul className="issues">
        {[...issues, ...doubts].map((one) => (
          <li key={`${one.node} ${one.message}`}>
            <button type="button" onClick={() => choose(one.node)}>
              <Icon name="warning" size={15} /> {one.message}
            </button>
          </li>
        ))}
        {odd.map((one) => (
          <li key={`odd ${one.node} ${one.message}`} className="odd">
            <button type="button" onClick={() => choose(one.node)}>
              {sentence(readable(one.message))}
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

type Estimate = Schema["GatewayEstimate"];

export function Cost({ estimate, isFresh }: { estimate: Estimate | null | undefined; isFresh: boolean }) {
  if (!estimate) return null;
  const range = (one: Schema["Range"], show: (value: number) => string) =>
    show(one.low) === show(one.high) ? show(one.likely) : `${show(one.low)} – ${show(one.high)}`;
  return (
    <Panel title={text.design.estimate} aside={<Stale isFresh={isFresh} />}>
      <dl className="stats">
        <Stat label={text.design.asked}>{count(estimate.people)}</Stat>
        <Stat label={text.monitor.cost}>
          {estimate.cost_usd ? range(estimate.cost_usd, dollars) : text.design.noPrice}
        </Stat>
        <Stat label={text.design.time}>{range(estimate.seconds, duration)}</Stat>
        <Stat label={text.monitor.calls}>{range(estimate.calls, count)}</Stat>
        <Stat label={text.design.tokens}>{range(estimate.tokens, large)}</Stat>
      </dl>
    </Panel>
  );
}

function Stale({ isFresh }: { isFresh: boolean }) {
  return isFresh ? null : <span className="fine">{designing.stale}</span>;
}

export function Power({ screen, isFresh }: { screen: Schema["PowerScreen"] | null | undefined; isFresh: boolean }) {
  if (!screen) return null;
  return (
    <Panel title={text.design.power} aside={<Stale isFresh={isFresh} />}>
      {screen.warnings.map((one) => (
        <p key={one} className="reason state-warn">
          {readable(one)}
        </p>
      ))}
      <ul className="powers">
        {screen.metrics.map((one) => (
          <li key={one.metric}>
            <strong>{title(one.metric)}</strong>
            <span className="share-track arm-0" aria-hidden="true">
              <span style={{ width: percent(one.power ?? 0, 0).replace("\u00a0", "") }} />
            </span>
            <span className="counts">{text.design.powerOf(percent(one.power, 0))}</span>
            <Text className="fine">
              {text.design.detectable(
                one.unit === "share" ? points(one.detectable) : `${number(one.detectable)} SD`,
                count(one.needed_n),
              )}
            </Text>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
