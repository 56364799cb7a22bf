namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Tests that stop the cluster on which the others run: alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OutageCollection
{
    public const string Name = "Outages of Apache RocketMQ";
}
