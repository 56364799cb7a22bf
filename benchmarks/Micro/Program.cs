using BenchmarkDotNet.Running;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>One function at a time: <c>dotnet run -c Release --project benchmarks/Micro -- --filter '*'</c>.</summary>
internal static class Program
{
    private static void Main(string[] arguments) => BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments);
}
