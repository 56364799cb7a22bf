using System.Globalization;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>One figure.</summary>
/// <param name="Part">What was done.</param>
/// <param name="Server">gateway or mosquitto.</param>
/// <param name="Measure">What is counted.</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of what; rates end in <c>/s</c>.</param>
internal sealed record ScaleRow(string Part, string Server, string Measure, double Value, string Unit)
{
    /// <summary>A line of a table.</summary>
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Part,-8} {Server,-10} {Measure,-58} {Value,14:#,0.##} {Unit}");
}

/// <summary>The gateway beside mosquitto.</summary>
/// <param name="Part">What was done.</param>
/// <param name="Measure">What is counted.</param>
/// <param name="Value">The gateway's figure, as a multiple of mosquitto's.</param>
internal sealed record ScaleRatio(string Part, string Measure, double Value)
{
    /// <summary>Pairs rows of both servers.</summary>
    public static IReadOnlyList<ScaleRatio> Of(IReadOnlyList<ScaleRow> rows) =>
    [
        .. from ours in rows
           where ours.Server == "gateway"
           let theirs = rows.FirstOrDefault(row => row.Server == "mosquitto" && row.Part == ours.Part && row.Measure == ours.Measure)
           where theirs is { Value: > 0 }
           select new ScaleRatio(ours.Part, ours.Measure, Math.Round(ours.Value / theirs.Value, 2)),
    ];

    /// <summary>A line of a table.</summary>
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Part,-8} {Measure,-58} {Value,8:0.00}");
}
