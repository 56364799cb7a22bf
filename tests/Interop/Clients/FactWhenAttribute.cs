namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>A test that is skipped, with the reason, where a client that it drives is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWhenAttribute : FactAttribute
{
    /// <summary>Skips unless all of them are there.</summary>
    public FactWhenAttribute(params Needs[] needs) => Skip = Missing(needs);

    internal static string? Missing(Needs[] needs)
    {
        string[] reasons = [.. needs.Select(Installed.Missing).OfType<string>().Distinct()];
        return reasons.Length == 0 ? null : string.Join("; ", reasons);
    }
}
