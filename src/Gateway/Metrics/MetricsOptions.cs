using System.ComponentModel.DataAnnotations;

namespace ProtoBridgeMQ.Gateway.Metrics;

/// <summary>Limits of the metrics page.</summary>
public sealed class MetricsOptions
{
    /// <summary>Series of one instrument: combinations of label values; further ones are counted together as <c>overflow</c>.</summary>
    [Range(1, 100_000)]
    public int MaxSeriesPerInstrument { get; set; } = 1000;

    /// <summary>Instruments; further ones are left out.</summary>
    [Range(1, 100_000)]
    public int MaxInstruments { get; set; } = 1000;
}
