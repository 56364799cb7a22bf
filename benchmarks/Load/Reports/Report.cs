using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ProtoBridgeMQ.Benchmarks.Load.Reports;

/// <summary>Everything of one run, as JSON for a machine and as a table for a reader.</summary>
internal sealed record Report
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>When the run began.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The arguments.</summary>
    public required string Command { get; init; }

    /// <summary>Processor and runtime.</summary>
    public string Machine { get; init; } = $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";

    /// <summary>The measurements in the order in which they were made.</summary>
    public required IReadOnlyList<Result> Results { get; init; }

    /// <summary>The gateway against the floor.</summary>
    public required IReadOnlyList<Ratio> Ratios { get; init; }

    /// <summary>Writes the JSON.</summary>
    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Format));

    /// <summary>Prints one measurement as a row.</summary>
    public static void PrintRow(TextWriter writer, Result result)
        => writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Scenario,-14} {result.Target,-8} {result.Flush,-6} {result.Loop,-7} {result.Senders,4} x {result.Size,5} B  {result.PerSecond,9:0}/s  p50 {result.P50,8:0} us  p99 {result.P99,8:0} us  p99.9 {result.P999,8:0} us  max {result.Max,8:0} us  cpu/M {result.ServerCpuPerMillion,6:0.0} s  errors {result.Errors}"));

    /// <summary>Prints the ratios.</summary>
    public void PrintRatios(TextWriter writer)
    {
        writer.WriteLine();
        writer.WriteLine("gateway / floor   (throughput: share of the floor; times: multiple of the floor)");
        foreach (Ratio ratio in Ratios)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{ratio.Scenario,-14} {ratio.Flush,-6} {ratio.Senders,4} x {ratio.Size,5} B  throughput {ratio.Throughput,6:0.00}  p50 {ratio.P50,6:0.0}  p99 {ratio.P99,6:0.0}"));
        }
    }
}
