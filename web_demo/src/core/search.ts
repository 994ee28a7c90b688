/** Searching with several views, verifying the first hits, and deciding (docs/verification.md). */
import { type DescriptorTable, encode, type Storage } from "./descriptors.ts";
import { NOT_FOUND, type Verification } from "./engine.ts";

/** Pictures that are verified, those with the largest similarities. */
export const SHORTLIST = 20;

/** Certainty from which a hit is verified, where a gallery was not calibrated. */
export const VERIFIED_FROM = 3.5;

/** Views that are searched for first, and pictures that are compared then; the rest only without a certain answer. */
export const FIRST_VIEWS = 2;
export const FIRST_SHORTLIST = 5;

const CERTAIN = 2;
const CHANCE_INLIERS = 3;
const MOST_INLIERS = 25;
const WEIGHT = 0.15;
const REACH = 0.2;
const SURE_SIMILARITY = 0.7;
const SURE_REACH = 0.03;

/** A picture of the gallery, by its row in the table, with its largest similarity to the photo's views. */
export interface Hit {
  readonly row: number;
  readonly similarity: number;
}

/** `verification` is null where the hit was not compared with the photo. */
export interface VerifiedHit extends Hit {
  readonly verification: Verification | null;
  readonly certainty: number;
}

/** The best `top` rows by the largest similarity of all views; equal ones in the order of rows. */
export function similarRows(
  table: DescriptorTable, storage: Storage, descriptors: readonly Float32Array[], top: number,
): Hit[] {
  const largest = new Float64Array(table.count).fill(-Infinity);
  const similarities = new Float64Array(table.count);
  for (const descriptor of descriptors) {
    table.similarities(encode(descriptor, storage), similarities);
    for (let row = 0; row < largest.length; row++)
      if (similarities[row]! > largest[row]!) largest[row] = similarities[row]!;
  }
  return firstOf(largest, top);
}

/** Keeps the best in an ordered list: `top` is small, and few rows get into it. */
function firstOf(similarities: Float64Array, top: number): Hit[] {
  const hits: Hit[] = [];
  for (let row = 0; row < similarities.length; row++) {
    const similarity = similarities[row]!;
    if (hits.length === top && !(similarity > hits[top - 1]!.similarity)) continue;
    if (hits.length === top) hits.pop();
    let place = hits.length;
    while (place > 0 && hits[place - 1]!.similarity < similarity) place--;
    hits.splice(place, 0, { row, similarity });
  }
  return hits;
}

/** How sure a hit is: inliers times similarity, 0 where that is negative. */
export function certainty(similarity: number, inliers: number): number {
  return inliers * Math.max(0, similarity);
}

/** Whether the first hit is so sure an answer that further views need not be looked at. */
export function isCertain(hits: readonly VerifiedHit[], verifiedFrom: number): boolean {
  return hits.length > 0 && hits[0]!.certainty >= CERTAIN * verifiedFrom;
}

/** Verifies the first hits and orders them by similarity and inliers; the others follow as they are. */
export function verifiedOrder(
  hits: readonly Hit[], verify: ((row: number) => Verification | null) | null, shortlist = SHORTLIST,
): VerifiedHit[] {
  const compared = (hit: Hit, verification: Verification | null): VerifiedHit => ({
    ...hit, verification, certainty: certainty(hit.similarity, verification?.inliers ?? 0),
  });
  if (verify === null) return hits.map((hit) => compared(hit, null));
  const first = hits.slice(0, shortlist).map((hit) => compared(hit, verify(hit.row) ?? NOT_FOUND));
  const largest = Math.max(...first.map((hit) => hit.similarity));
  first.sort((one, other) => score(other, largest) - score(one, largest) || one.row - other.row);
  return [...first, ...hits.slice(shortlist).map((hit) => compared(hit, null))];
}

/** What hits are ordered by. Inliers count where a hit looks nearly as alike as the one that looks most alike. */
function score(hit: VerifiedHit, largest: number): number {
  if (hit.similarity < largest - (largest >= SURE_SIMILARITY ? SURE_REACH : REACH)) return hit.similarity;
  const inliers = Math.min(hit.verification?.inliers ?? 0, MOST_INLIERS);
  return hit.similarity + WEIGHT * Math.log1p(Math.max(0, inliers - CHANCE_INLIERS));
}
