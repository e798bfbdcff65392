// The designer: a study as a graph, the form of what is chosen in it, what is missing, what it costs, and the way to run it.

import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useHotkeys, useMediaQuery } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { estimate } from "../../api/designQueries";
import { runKept, runStudy, type Study } from "../../api/studies";
import { Loading } from "../../app/loading";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { PageHead, Panel, ProblemNotice } from "../../components/parts";
import { issuesOf, refusals } from "../../design/checks";
import { BLANK, change, open, redo, tidy, undo, useDraft } from "../../design/draft";
import { addQuestion, addSegment, addVariant, pilotOf } from "../../design/edits";
import { type NodeId, nodesOf } from "../../design/graph";
import { text } from "../../text/text";
import sample from "../simulations/sample.json";
import { aboutNode } from "./about";
import { Editor } from "./editor";
import { Checklist, Cost, Power } from "./judgement";
import { Beginnings, Keeping } from "./keeping";
import { useSettled } from "./useSettled";
import "../../app/moreStyles";
import "@xyflow/react/dist/base.css";
import "../results/results.css";
import "./design.css";

const Canvas = lazy(() => import("./canvas"));
const ViewAs = lazy(() => import("./viewAs"));
const route = getRouteApi("/design");

export function DesignPage() {
  const { study, places, kept, canUndo, canRedo } = useDraft();
  const { node: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const nodes = nodesOf(study);
  const chosen = nodes.find((one) => one === wanted) ?? "population";
  const choose = (node: NodeId) => void navigate({ search: { node }, replace: true, resetScroll: false });
  const own = issuesOf(study);
  const settled = useSettled(study);
  const told = useQuery(estimate(settled, issuesOf(settled).length === 0));
  const issues = own.length ? own : refusals(told.error);
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  useHotkeys([
    ["mod+Z", undo],
    ["mod+shift+Z", redo],
    ["mod+Y", redo],
  ]);
  return (
    <>
      <PageHead
        title={text.design.title}
        lead={text.design.lead}
        actions={
          <>
            <Step icon="undo" label={text.design.undo} isOff={!canUndo} act={undo} />
            <Step icon="redo" label={text.design.redo} isOff={!canRedo} act={redo} />
            <Suspense>
              <ViewAs study={study} />
            </Suspense>
            <Runs study={study} kept={kept} reason={issues[0]?.message} />
          </>
        }
      />
      <div className="starts">
        <Button variant="subtle" size="compact-sm" onClick={() => open(BLANK)}>
          {text.design.blank}
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={() => open(sample as unknown as Study)}>
          {text.design.sample}
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={tidy}>
          {text.design.tidy}
        </Button>
        <Beginnings />
        {kept ? null : <span className="fine">{text.design.saved}</span>}
        <Keeping study={study} kept={kept} isWhole={issues.length === 0} />
      </div>
      {isNarrow ? (
        <Steps study={study} nodes={nodes} chosen={chosen} choose={choose} />
      ) : (
        <Suspense fallback={<Loading />}>
          <Canvas study={study} places={places} issues={issues} chosen={chosen} choose={choose} />
        </Suspense>
      )}
      <div className="workbench">
        <Panel title={`${aboutNode(study, chosen).kind}: ${aboutNode(study, chosen).name}`}>
          <Editor key={chosen} study={study} node={chosen} />
        </Panel>
        <div>
          <Checklist issues={issues} choose={choose} />
          <Cost estimate={told.data} isFresh={!told.isFetching && !own.length} />
          <Power screen={told.data?.power} />
        </div>
      </div>
    </>
  );
}

function Step(props: { icon: "undo" | "redo"; label: string; isOff: boolean; act: () => void }) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon variant="default" size="lg" aria-label={props.label} disabled={props.isOff} onClick={props.act}>
        <Icon name={props.icon} />
      </ActionIcon>
    </Tooltip>
  );
}

/** On a narrow window the graph is a list of the same nodes. */
function Steps(props: { study: Study; nodes: NodeId[]; chosen: NodeId; choose: (node: NodeId) => void }) {
  return (
    <div className="steps">
      <Choice
        label={text.design.part}
        options={props.nodes.map((id) => ({
          value: id,
          label: `${aboutNode(props.study, id).kind}: ${aboutNode(props.study, id).name}`,
        }))}
        value={props.chosen}
        choose={(id) => props.choose(props.nodes.find((one) => one === id) ?? "population")}
      />
      <div className="links">
        <Button variant="default" size="compact-sm" onClick={() => change(addSegment)}>
          {text.design.add.segment}
        </Button>
        <Button variant="default" size="compact-sm" onClick={() => change(addVariant)}>
          {text.design.add.variant}
        </Button>
        <Button variant="default" size="compact-sm" onClick={() => change(addQuestion)}>
          {text.design.add.question}
        </Button>
      </div>
    </div>
  );
}

function Runs({ study, kept, reason }: { study: Study; kept: string | undefined; reason: string | undefined }) {
  const navigate = useNavigate();
  const run = useMutation({
    mutationFn: (one: Study) => (kept && one === study ? runKept(kept, one) : runStudy(one)),
    onSuccess: (id) => navigate({ to: "/simulations/$id", params: { id } }),
  });
  const isOff = reason !== undefined;
  return (
    <>
      <Button
        variant="default"
        disabled={isOff}
        loading={run.isPending && run.variables !== study}
        onClick={() => run.mutate(pilotOf(study))}
      >
        {text.design.pilot}
      </Button>
      <Button
        leftSection={<Icon name="play" size={16} />}
        disabled={isOff}
        title={reason}
        loading={run.isPending && run.variables === study}
        onClick={() => run.mutate(study)}
      >
        {text.design.run}
      </Button>
      {isOff ? <span className="fine">{text.design.blocked(reason)}</span> : null}
      <ProblemNotice error={run.error} />
    </>
  );
}
