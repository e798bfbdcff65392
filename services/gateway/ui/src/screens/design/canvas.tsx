// The study as a graph that can be drawn on: nodes are moved, added by a drag or a click, joined and taken away. With the
// keyboard: Tab to a node, Enter to open it, arrows to move it, Delete to remove it.

import {
  Background,
  type Connection,
  Controls,
  type Edge,
  Handle,
  type Node,
  type NodeChange,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { type DragEvent, useEffect, useMemo, useState } from "react";
import type { Study } from "../../api/studies";
import { Icon } from "../../components/icons";
import type { Issue } from "../../design/checks";
import { change, move, type Place } from "../../design/draft";
import {
  ADDABLE,
  type Addable,
  addable,
  removeRequest,
  removeSegment,
  removeVariant,
  requestsOf,
  segmentsOf,
  setTarget,
} from "../../design/edits";
import {
  edgesOf,
  indexOf,
  type Kind,
  kindOf,
  mayConnect,
  type NodeId,
  nodeAdded,
  nodesOf,
  placesOf,
} from "../../design/graph";
import { text } from "../../text/text";
import { aboutNode } from "./about";

const MIME = "application/x-rehearsal-node";

interface Shown extends Record<string, unknown> {
  kind: string;
  name: string;
  about: string;
  issues: number;
}

interface Props {
  study: Study;
  places: Record<string, Place>;
  issues: Issue[];
  chosen: NodeId;
  choose: (node: NodeId) => void;
}

export default function Canvas(props: Props) {
  return (
    <ReactFlowProvider>
      <Palette study={props.study} add={add(props)} />
      <Flow {...props} />
    </ReactFlowProvider>
  );
}

type Add = (name: Addable) => void;

/** What is added is what one wants to fill in next. */
const add =
  ({ study, choose }: Pick<Props, "study" | "choose">): Add =>
  (name) => {
    change(ADDABLE[name]);
    choose(nodeAdded(study, name));
  };

function Palette({ study, add }: { study: Study; add: Add }) {
  return (
    <div className="palette" role="toolbar" aria-label={text.design.palette}>
      {addable(study).map(([name, label]) => (
        <button
          type="button"
          key={name}
          draggable
          className="palette-item"
          onClick={() => add(name)}
          onDragStart={(event) => event.dataTransfer.setData(MIME, name)}
        >
          <Icon name="plus" size={14} /> {label}
        </button>
      ))}
      <span className="fine">{text.design.paletteHint}</span>
    </div>
  );
}

function Flow({ study, places, issues, chosen, choose }: Props) {
  const flow = useReactFlow();
  const nodes = useNodes({ study, places, issues, chosen, choose });
  const [shown, show] = useState<Node<Shown>[]>(nodes);
  useEffect(() => show(nodes), [nodes]);
  const amount = nodes.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another number of nodes is another picture
  useEffect(() => {
    const timer = setTimeout(() => void flow.fitView({ padding: 0.08, maxZoom: 1 }), 60);
    return () => clearTimeout(timer);
  }, [amount, flow]);
  const edges = useMemo<Edge[]>(
    () =>
      edgesOf(study).map(({ from, to, isLoose }) => ({
        id: `${from}>${to}`,
        source: from,
        target: to,
        deletable: isLoose,
        focusable: isLoose,
        className: isLoose ? "loose" : "",
      })),
    [study],
  );
  const target = (from: string, isTarget: boolean) => {
    const name = segmentsOf(study)[indexOf(from)]?.name;
    if (name) change(setTarget(name, isTarget));
  };
  return (
    <section
      className="canvas"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => dropped(event, add({ study, choose }))}
      aria-label={text.design.canvas}
    >
      <ReactFlow
        nodes={shown}
        edges={edges}
        nodeTypes={TYPES}
        onNodesChange={(changes) => take(changes, show, choose)}
        onConnect={({ source }) => target(source, true)}
        isValidConnection={(one) => mayConnect((one as Connection).source, (one as Connection).target)}
        onNodesDelete={(gone) => gone.forEach(({ id }) => void remove(id))}
        onEdgesDelete={(gone) => gone.forEach(({ source }) => void target(source, false))}
        onNodeClick={(_, { id }) => choose(id as NodeId)}
        deleteKeyCode={["Delete", "Backspace"]}
        minZoom={0.3}
        fitView
        fitViewOptions={{ padding: 0.08, maxZoom: 1 }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

function useNodes({ study, places, issues, chosen }: Props): Node<Shown>[] {
  return useMemo(() => {
    const at = placesOf(study, places);
    return nodesOf(study).map((id) => ({
      id,
      type: "part",
      position: at[id] ?? { x: 0, y: 0 },
      selected: id === chosen,
      deletable: isDeletable(study, kindOf(id)),
      ariaLabel: `${aboutNode(study, id).kind}: ${aboutNode(study, id).name}`,
      data: { ...aboutNode(study, id), issues: issues.filter((one) => one.node === id).length },
      className: `node-${kindOf(id)}`,
    }));
  }, [study, places, issues, chosen]);
}

function isDeletable(study: Study, kind: Kind): boolean {
  if (kind === "variant") return study.intervention.variants.length > 1;
  return kind === "segment" || (kind === "request" && requestsOf(study).length > 1);
}

type Show = (make: (nodes: Node<Shown>[]) => Node<Shown>[]) => void;

/** Moves are shown at once and kept when they end; a node that is chosen opens its form. */
function take(changes: NodeChange<Node<Shown>>[], show: Show, choose: (node: NodeId) => void): void {
  for (const one of changes) {
    if (one.type === "position" && one.position) {
      const { id, position } = one;
      show((nodes) => nodes.map((node) => (node.id === id ? { ...node, position } : node)));
      if (!one.dragging) move(id, position);
    } else if (one.type === "dimensions" && one.dimensions) {
      const { id, dimensions } = one;
      show((nodes) => nodes.map((node) => (node.id === id ? { ...node, measured: dimensions } : node)));
    } else if (one.type === "select" && one.selected) {
      choose(one.id as NodeId);
    }
  }
}

function remove(id: string): void {
  if (kindOf(id) === "segment") change(removeSegment(indexOf(id)));
  if (kindOf(id) === "variant") change(removeVariant(indexOf(id)));
  if (kindOf(id) === "request") change(removeRequest(indexOf(id)));
}

function dropped(event: DragEvent, add: Add): void {
  const name = event.dataTransfer.getData(MIME) as Addable;
  if (name in ADDABLE) add(name);
  event.preventDefault();
}

function Part({ id, data, selected }: NodeProps<Node<Shown>>) {
  const kind = kindOf(id);
  const canConnect = kind === "segment" || kind === "intervention";
  return (
    <div className={`part ${selected ? "chosen" : ""} ${data.issues ? "wanting" : ""}`}>
      {kind === "template" ? null : <Handle type="target" position={Position.Left} isConnectable={canConnect} />}
      <span className="part-kind">
        {data.kind}
        {data.issues ? <span className="part-issues">{data.issues}</span> : null}
      </span>
      <strong>{data.name}</strong>
      <span className="fine">{data.about}</span>
      {kind === "analysis" ? null : <Handle type="source" position={Position.Right} isConnectable={canConnect} />}
    </div>
  );
}

const TYPES = { part: Part };
