namespace ProtoBridgeMQ.Tests.Interop.Dashboard;

/// <summary>How a tab shows things.</summary>
internal sealed record TabSettings
{
    /// <summary>A phone.</summary>
    public const int PhoneWidth = 390;

    public int Width { get; init; } = 1280;

    public bool IsDark { get; init; }
}
