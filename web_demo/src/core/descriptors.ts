/** How a gallery keeps descriptors, and how alike two are (docs/gallery.md writes the arithmetic out). */
import type { Engine } from "./engine.ts";
import { Refusal } from "./refusal.ts";

export type Storage = "int8" | "float16";

export const MAX_DIM = 65536;
const LENGTH_TOLERANCE = 0.01;
const LARGEST_INT8 = 127;

/** One descriptor in a storage: int8 values, or half-precision values widened to float32. */
export interface StoredQuery {
  readonly values: Int8Array | Float32Array;
  readonly scale: number;
}

/** Brings a descriptor of length 1 into a storage; refuses one that is not finite or of another length. */
export function encode(descriptor: Float32Array, storage: Storage): StoredQuery {
  let squares = 0;
  let largest = 0;
  for (const value of descriptor) {
    squares += value * value;
    largest = Math.max(largest, Math.abs(value));
  }
  const length = Math.sqrt(squares);
  if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE))
    throw new Refusal("selfTest", `a descriptor of length ${length}`);
  const values = storage === "int8" ? encodeInt8(descriptor, LARGEST_INT8 / largest)
    : Float32Array.from(descriptor, nearestHalf);
  return { values, scale: scaleOf(values) };
}

function encodeInt8(descriptor: Float32Array, factor: number): Int8Array {
  return Int8Array.from(descriptor, (value) => roundHalfToEven(value * factor));
}

function scaleOf(values: Int8Array | Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return 1 / Math.sqrt(sum);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

const FLOAT = new Float32Array(1);
const FLOAT_BITS = new Uint32Array(FLOAT.buffer);

/** The nearest half of a float32, ties to even; descriptors' values are at most 1. */
function nearestHalf(value: number): number {
  FLOAT[0] = value;
  const exponent = ((FLOAT_BITS[0]! >> 23) & 255) - 127;
  // The worth of the last bit: 10 bits below the highest one, and never below 2^-24.
  const unit = 2 ** (Math.max(-14, exponent) - 10);
  return roundHalfToEven(value / unit) * unit;
}

/** The value of 16 bits as IEEE 754 half precision. */
export function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24
    : exponent === 31 ? (fraction === 0 ? Infinity : NaN)
    : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** All descriptors of a gallery; rows in the order of the pictures' ids. */
export interface DescriptorTable {
  readonly count: number;
  /** Writes the similarity of a query to each row. */
  similarities(query: StoredQuery, into: Float64Array): void;
}

/** int8: whole-number sums in WebAssembly, the same bits on every machine. `values` is (N, D). */
export function int8Table(engine: Engine, values: Int8Array, scales: Float64Array): DescriptorTable {
  const rows = engine.store(values);
  const room = engine.reserve(4 * scales.length);
  return {
    count: scales.length,
    similarities(query, into) {
      const sums = engine.products(query.values as Int8Array, rows, scales.length, room);
      for (let row = 0; row < sums.length; row++) into[row] = sums[row]! * query.scale * scales[row]!;
    },
  };
}

/** float16, widened: sums in float64. `values` is (N, D). */
export function float16Table(values: Float32Array, scales: Float64Array): DescriptorTable {
  return {
    count: scales.length,
    similarities(query, into) {
      const { values: asked } = query;
      for (let row = 0, place = 0; row < scales.length; row++) {
        let sum = 0;
        for (let k = 0; k < asked.length; k++) sum += asked[k]! * values[place++]!;
        into[row] = sum * query.scale * scales[row]!;
      }
    },
  };
}
