namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>As <see cref="FactWhenAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TheoryWhenAttribute : TheoryAttribute
{
    /// <summary>Skips unless all of them are there.</summary>
    public TheoryWhenAttribute(params Needs[] needs) => Skip = FactWhenAttribute.Missing(needs);
}
