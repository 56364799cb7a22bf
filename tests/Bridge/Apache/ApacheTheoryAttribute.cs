using ProtoBridgeMQ.Tests.Support.Cluster;

namespace ProtoBridgeMQ.Tests.Bridge.Apache;

/// <summary>Skipped, with the reason, where the environment names no Apache RocketMQ cluster.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ApacheTheoryAttribute : TheoryAttribute
{
    public ApacheTheoryAttribute() => Skip = ApacheCluster.Missing;
}
