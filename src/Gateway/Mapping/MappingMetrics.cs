using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Bridge.Mapping.Rules;

namespace ProtoBridgeMQ.Gateway.Mapping;

/// <summary>What is counted of mapping rules.</summary>
internal sealed class MappingMetrics
{
    private readonly Counter<long> _reloads;

    public MappingMetrics(IMeterFactory meters, NameMapping mapping)
    {
        Meter meter = meters.Create("ProtoBridgeMQ.Mapping");
        _reloads = meter.CreateCounter<long>("mapping.reloads", "{file}", "Changed settings files, by whether their mapping rules came into force");
        meter.CreateObservableUpDownCounter("mapping.rules", () => mapping.Rules.Count, "{rule}", "Mapping rules in force");
    }

    public void Loaded() => _reloads.Add(1, new KeyValuePair<string, object?>("result", "loaded"));

    public void Refused() => _reloads.Add(1, new KeyValuePair<string, object?>("result", "refused"));
}
