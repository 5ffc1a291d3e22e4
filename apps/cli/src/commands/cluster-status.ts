import { toHex } from '@caisson/base';
import type { ClusterStatus } from '@caisson/client';
import { printJson, printTable, type Output } from '../session/output.js';

type Group = ClusterStatus['groups'][number];
type Member = Group['members'][number];

interface MemberView extends Member {
  readonly leads: boolean;
  /** Entries the leader has and this node is not known to have; undefined when nobody says. */
  readonly lag: number | undefined;
}

export function hasLeaders({ groups }: ClusterStatus): boolean {
  return groups.every(({ leader }) => leader !== undefined);
}

/** Whether every group goes on when any one more of its voters fails. */
export function hasSpares({ groups }: ClusterStatus): boolean {
  return groups.every((group) => (spareOf(group) ?? 0) > 0);
}

export function printStatus(output: Output, status: ClusterStatus): void {
  const { node, clusterId, groups } = status;
  if (output.json) {
    const views = groups.map((group) => ({ ...group, members: membersOf(group) }));
    printJson(output, { node, cluster: toHex(clusterId), groups: views });
  } else {
    output.out(`cluster ${toHex(clusterId)}, as ${node} tells it\n`);
    for (const group of groups) printGroup(output, group);
  }
}

/** Who belongs to the cluster, and in which role, over all groups. */
export function printMembers(output: Output, { groups }: ClusterStatus): void {
  const members = new Map<string, Member & { groups: number[] }>();
  for (const group of groups) {
    for (const { progress: _, ...member } of group.members) {
      const known = members.get(member.name) ?? { ...member, groups: [] };
      members.set(member.name, { ...known, groups: [...known.groups, group.id] });
    }
  }
  const sorted = [...members.values()].sort(byName);
  if (output.json) return printJson(output, { members: sorted });
  printTable(
    output,
    ['name', 'role', 'clients', 'peers', 'groups'],
    sorted.map(({ name, role, clientAddress, address, groups: ids }) => [
      name,
      role,
      clientAddress ?? '–',
      address ?? '–',
      ids.join(', '),
    ]),
  );
}

function printGroup(output: Output, group: Group): void {
  const { id, leader, applied, refused, halted } = group;
  const head = leader === undefined ? 'NO LEADER, takes no writes' : `${leader} leads`;
  const rest = refused > 0 ? `, ${refused} refused` : '';
  output.out(`\ngroup ${id}: ${head}; applied ${applied}${rest}; ${safetyOf(group)}\n`);
  if (halted !== undefined) output.out(`HALTED: ${halted}\n`);
  printTable(
    output,
    ['', 'name', 'role', 'clients', 'peers', 'state', 'lag'],
    membersOf(group).map((member) => [
      member.leads ? '★' : member.role === 'voter' ? '●' : '○',
      member.name,
      member.leads ? 'leader' : member.role,
      member.clientAddress ?? '–',
      member.address ?? '–',
      stateOf(member),
      member.lag === undefined ? '?' : String(member.lag),
    ]),
  );
}

function membersOf({ members, leader, durable }: Group): readonly MemberView[] {
  return [...members].sort(byName).map((member) => {
    const leads = member.name === leader;
    const lag = leads ? 0 : member.progress && Math.max(0, durable - member.progress.matched);
    return { ...member, leads, lag };
  });
}

function byName(a: Member, b: Member): number {
  return a.name < b.name ? -1 : 1;
}

function stateOf({ leads, progress }: MemberView): string {
  if (leads) return 'leads';
  if (!progress) return '?';
  return progress.active ? progress.state : `${progress.state}, SILENT`;
}

/** How much more may fail, in words. */
function safetyOf(group: Group): string {
  const { voters, majority } = sizeOf(group);
  if (voters.length === 1) return 'one voter, no replica protects its data';
  const size = `${voters.length} voters, ${majority} needed`;
  const spare = spareOf(group);
  if (spare === undefined) return size;
  if (spare < 0) return `${size}, only ${majority + spare} are there`;
  return spare === 0 ? `${size}, NONE MAY FAIL NOW` : `${size}, ${spare} more may fail`;
}

/** Voters that may fail before writes stop; undefined when the leader did not say who is there. */
function spareOf(group: Group): number | undefined {
  if (!group.leads) return undefined;
  const { voters, majority } = sizeOf(group);
  const isThere = ({ name, progress }: Member): boolean =>
    name === group.leader || (progress?.active === true && progress.state === 'following');
  return voters.filter(isThere).length - majority;
}

function sizeOf({ members }: Group): { readonly voters: readonly Member[]; readonly majority: number } {
  const voters = members.filter(({ role }) => role === 'voter');
  return { voters, majority: Math.floor(voters.length / 2) + 1 };
}
