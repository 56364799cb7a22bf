namespace ProtoBridgeMQ.Remoting.Compression;

/// <summary>Why a body does not unpack, as the rest of a sentence about it.</summary>
internal static class Problems
{
    public const string CutShort = "it is cut short";

    public static string TooLarge(int limit) => $"it unpacks to more than {limit} bytes";
}
