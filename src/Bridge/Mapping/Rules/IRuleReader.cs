namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>Somebody who reads messages by topic and needs to know where rules put them.</summary>
public interface IRuleReader
{
    /// <summary>Other rules come into force when this completes: from then on their topics are read, besides those of the present rules.</summary>
    ValueTask PrepareAsync(RuleSet next, CancellationToken cancellationToken);
}
