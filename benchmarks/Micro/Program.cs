using BenchmarkDotNet.Running;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>One function at a time: <c>dotnet run -c Release --project benchmarks/Micro -- --filter '*'</c>.</summary>
internal static class Program
{
    private static async Task Main(string[] arguments)
    {
        if (arguments is ["store-queues", ..])
        {
            await StoreQueueScale.RunAsync(arguments[1..]);
            return;
        }

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments);
    }
}
