using System.Globalization;

namespace ProtoBridgeMQ.Benchmarks.Store;

/// <summary>What is measured, and where.</summary>
internal sealed record BenchmarkOptions(string Directory, int[] Sizes, int Senders, int Megabytes, TimeSpan Time, int Rounds);

/// <summary>A figure, its floor in the same run, and the bar that the ratio is held against.</summary>
/// <param name="What">Scenario and parameters.</param>
/// <param name="Value">The store's.</param>
/// <param name="Floor">The floor's.</param>
/// <param name="Unit">Of both.</param>
/// <param name="Bar">What the ratio is to reach, in words.</param>
internal sealed record Line(string What, double Value, double Floor, string Unit, string Bar)
{
    /// <summary>Value by floor.</summary>
    public double Ratio => Value / Floor;

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{What,-44} {Value,12:N1} floor {Floor,12:N1} {Unit,-8} ratio {Ratio,7:N2}  {Bar}");
}
