// The designer: a study as a graph, the form of what is chosen in it, what is missing, what it costs, and the way to run it.

import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useHotkeys, useMediaQuery } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { sketch, validity } from "../../api/designQueries";
import { useMay, useYou } from "../../api/role";
import { runKept, runStudy, type Study } from "../../api/studies";
import { Loading } from "../../app/loading";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { PageHead, Panel, ProblemNotice } from "../../components/parts";
import { doubtsOf, issuesOf, oddFields, wrongFields } from "../../design/checks";
import { BLANK, change, fileOf, open, PROTOCOL, redo, tidy, undo, useDraft } from "../../design/draft";
import { ADDABLE, addable, pilotOf, segmentsOf } from "../../design/edits";
import { type NodeId, nodeAdded, nodesOf } from "../../design/graph";
import { designing } from "../../text/designing";
import { text } from "../../text/text";
import sample from "../simulations/sample.json";
import { aboutNode } from "./about";
import { Editor } from "./editor";
import { Checklist, Cost, Power } from "./judgement";
import { Beginnings, Keeping } from "./keeping";
import { focusStudy, StudyEditor } from "./studyEditor";
import { useSettled } from "./useSettled";
import "../../app/moreStyles";
import "@xyflow/react/dist/base.css";
import "../results/results.css";
import "./design.css";

const Canvas = lazy(() => import("./canvas"));
const ViewAs = lazy(() => import("./viewAs"));
const route = getRouteApi("/design");

export function DesignPage() {
  const { study, places, kept, saved, canUndo, canRedo } = useDraft();
  const { node: wanted } = route.useSearch();
  const navigate = route.useNavigate();
  const nodes = nodesOf(study);
  const chosen = nodes.find((one) => one === wanted) ?? "population";
  const choose = (node: NodeId) => void navigate({ search: { node }, replace: true, resetScroll: false });
  const own = issuesOf(study);
  const settled = useSettled(study);
  const may = useMay("researcher");
  const told = useQuery(validity(settled, !!may && issuesOf(settled).length === 0));
  const refused = told.isPlaceholderData ? [] : wrongFields(told.data?.errors ?? []);
  const issues = own.length ? own : refused;
  const read =
    useQuery(sketch(settled.population, hasWords(settled) && !issuesOf(settled).length)).data?.segments ?? [];
  const doubts = own.length ? [] : doubtsOf(study, told.data?.estimate?.power, read);
  const isFresh = settled === study && !told.isPlaceholderData;
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
            <Runs study={study} kept={kept} saved={saved} reason={issues[0]?.message} />
          </>
        }
      />
      <div className="starts">
        <Button variant="subtle" size="compact-sm" onClick={() => open(BLANK)}>
          {text.design.blank}
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={() => open(PROTOCOL)}>
          {designing.newProtocol}
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={() => open(sample as unknown as Study)}>
          {text.design.sample}
        </Button>
        <Button variant="subtle" size="compact-sm" onClick={tidy}>
          {text.design.tidy}
        </Button>
        <Beginnings />
        {kept ? null : <span className="fine">{text.design.saved}</span>}
        <Keeping study={study} kept={kept} saved={saved} isWhole={!!may && issues.length === 0} />
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
          <Checklist
            issues={issues}
            doubts={doubts}
            odd={own.length ? [] : oddFields(told.data?.warnings ?? [])}
            choose={(subject) => (subject === "study" ? focusStudy() : choose(subject))}
          />
          <ProblemNotice error={told.error} />
          {own.length ? null : (
            <>
              <Cost estimate={told.data?.estimate} isFresh={isFresh} />
              <Power screen={told.data?.estimate?.power} isFresh={isFresh} />
            </>
          )}
          <StudyEditor study={study} />
        </div>
      </div>
    </>
  );
}

const hasWords = (study: Study) => segmentsOf(study).some((one) => (one.particularities ?? "").trim() !== "");

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
        {addable(props.study).map(([name, label]) => (
          <Button
            key={name}
            variant="default"
            size="compact-sm"
            onClick={() => {
              change(ADDABLE[name]);
              props.choose(nodeAdded(props.study, name));
            }}
          >
            {label}
          </Button>
        ))}
      </div>
    </div>
  );
}

interface Runnable {
  study: Study;
  kept: string | undefined;
  saved: string | undefined;
  reason: string | undefined;
}

function Runs({ study, kept, saved, reason }: Runnable) {
  const navigate = useNavigate();
  const run = useMutation({
    mutationFn: (one: Study) =>
      kept && one === study ? runKept(kept, fileOf(one) === saved ? null : one) : runStudy(one),
    onSuccess: (id) => navigate({ to: "/simulations/$id", params: { id } }),
  });
  const you = useYou();
  const may = useMay("researcher");
  const isOff = reason !== undefined || !may;
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
      {you && !may ? (
        <span className="fine">{text.settings.mayNotRun(you.role)}</span>
      ) : reason ? (
        <span className="fine">{text.design.blocked(reason)}</span>
      ) : null}
      <ProblemNotice error={run.error} />
    </>
  );
}
