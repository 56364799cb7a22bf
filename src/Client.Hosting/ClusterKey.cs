namespace ProtoBridgeMQ.Client.Hosting;

/// <summary>The key of a cluster's services; null without.</summary>
internal sealed record ClusterKey(string? Value)
{
    public string OptionsName => Value ?? Microsoft.Extensions.Options.Options.DefaultName;
}
