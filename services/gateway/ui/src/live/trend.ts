// Running means by arm and metric. Old points are thinned out by halves, so that memory does not grow with the simulation.

const POINTS = 160;

export interface Line {
  n: number;
  sum: number;
  stride: number;
  points: [number, number][];
}

export class Trend {
  private readonly lines = new Map<string, Line>();

  add(arm: string, answers: Record<string, unknown>): void {
    for (const [metric, value] of Object.entries(answers)) {
      if (typeof value !== "boolean" && typeof value !== "number") continue;
      const line = this.open(metric, arm);
      line.n += 1;
      line.sum += Number(value);
      if (line.n % line.stride === 0) line.points.push([line.n, line.sum / line.n]);
      if (line.points.length > POINTS) {
        line.points = line.points.filter((_, index) => index % 2 === 1);
        line.stride *= 2;
      }
    }
  }

  line(metric: string, arm: string): Line | undefined {
    return this.lines.get(`${metric}\n${arm}`);
  }

  private open(metric: string, arm: string): Line {
    const key = `${metric}\n${arm}`;
    let line = this.lines.get(key);
    if (!line) {
      line = { n: 0, sum: 0, stride: 1, points: [] };
      this.lines.set(key, line);
    }
    return line;
  }
}
