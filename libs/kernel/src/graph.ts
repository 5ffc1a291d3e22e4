import type { Plan } from './plan.js';

export interface GraphNode {
  readonly id: string;
  readonly plugin: string;
  readonly provides: string;
}

/** An arrow from a service to one it needs. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly name: string;
}

/** What is wired to what, in start order. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function graphOf(plan: Plan): Graph {
  const nodes = plan.services.map(({ id, pluginId, service }) => ({
    id,
    plugin: pluginId,
    provides: String(service.provides.name),
  }));
  const edges = plan.services.flatMap((entry) =>
    entry.needs.flatMap((need) => need.providers.map((to) => ({ from: entry.id, to, name: need.name }))),
  );
  return { nodes, edges };
}

/** The graph as a Mermaid flowchart: plugins as boxes around their services. */
export function toMermaid(graph: Graph): string {
  const name = (id: string) => id.replace(/[^a-zA-Z0-9]/g, '_');
  const lines = ['flowchart LR'];
  for (const plugin of new Set(graph.nodes.map((node) => node.plugin))) {
    lines.push(`  subgraph ${name(plugin)}["${plugin}"]`);
    for (const node of graph.nodes.filter((candidate) => candidate.plugin === plugin)) {
      lines.push(`    ${name(node.id)}["${node.provides}"]`);
    }
    lines.push('  end');
  }
  for (const edge of graph.edges) lines.push(`  ${name(edge.from)} --> ${name(edge.to)}`);
  return `${lines.join('\n')}\n`;
}
