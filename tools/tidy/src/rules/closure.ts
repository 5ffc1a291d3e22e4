import { type Project, projectsOf } from '../project.js';
import type { Complaint, Rule } from '../rule.js';

/** What people run and link in production. */
const SHIPPED = ['@caisson/server', '@caisson/client'];

/** Nothing that a production process loads comes from the test bench, by whatever way. */
export const productionClosure: Rule = {
  id: 'production-closure',
  why: 'kits, simulators, planted bugs and programs that attack have no way into a server',
  check: (files) => {
    const projects = new Map(projectsOf(files).map((project) => [project.manifest.name, project]));
    return SHIPPED.flatMap((name) => strayDependencies(name, projects));
  },
};

type Projects = ReadonlyMap<string | undefined, Project>;

function strayDependencies(start: string, projects: Projects): Complaint[] {
  const ways = new Map([[start, start]]);
  for (const [name, way] of ways) {
    for (const next of Object.keys(projects.get(name)?.manifest.dependencies ?? {}))
      if (projects.has(next) && !ways.has(next)) ways.set(next, `${way} > ${next}`);
  }
  return [...ways].flatMap(([name, way]) => {
    const project = projects.get(name);
    const isStray = project?.layer === 'testing' || (project?.layer === 'app' && name !== start);
    return project !== undefined && isStray
      ? [{ path: projects.get(start)!.manifestPath, message: `reaches ${name}: ${way}` }]
      : [];
  });
}
