// For eng/aot.sh alone: what the sources of the SDK call and .NET 9 does not have. The product is built for .NET 10, without this file.
using System.Runtime.Intrinsics;

namespace ProtoBridgeMQ.Remoting.Messages;

internal static class HexOfNet9
{
    extension(Convert)
    {
        public static bool TryToHexString(ReadOnlySpan<byte> bytes, Span<byte> utf8, out int written)
        {
            Span<char> text = stackalloc char[bytes.Length * 2];
            return Convert.TryToHexString(bytes, text, out _) & System.Text.Encoding.ASCII.TryGetBytes(text, utf8, out written);
        }
    }
}

/// <summary>Comes before the framework's in this namespace.</summary>
internal static class Pclmulqdq
{
    public static bool IsSupported => System.Runtime.Intrinsics.X86.Pclmulqdq.IsSupported;

    public static Vector128<ulong> CarrylessMultiply(Vector128<ulong> left, Vector128<ulong> right, byte control) => control switch
    {
        0x00 => System.Runtime.Intrinsics.X86.Pclmulqdq.CarrylessMultiply(left, right, 0x00),
        0x01 => System.Runtime.Intrinsics.X86.Pclmulqdq.CarrylessMultiply(left, right, 0x01),
        0x10 => System.Runtime.Intrinsics.X86.Pclmulqdq.CarrylessMultiply(left, right, 0x10),
        _ => System.Runtime.Intrinsics.X86.Pclmulqdq.CarrylessMultiply(left, right, 0x11),
    };

    public static class V512
    {
        public static bool IsSupported => false;

        public static Vector512<ulong> CarrylessMultiply(Vector512<ulong> left, Vector512<ulong> right, byte control)
            => throw new PlatformNotSupportedException();
    }
}
