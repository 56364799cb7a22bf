namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>Whether something is allowed, and what decided it.</summary>
/// <param name="IsAllowed">Whether it is allowed.</param>
/// <param name="Rule">The rule in words: <c>rule 3</c>, or <c>no rule</c>.</param>
public readonly record struct Decision(bool IsAllowed, string Rule);
