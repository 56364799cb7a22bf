using ProtoBridgeMQ.Gateway.Composition;

return await GatewayCommand.RunAsync(args, Environment.GetEnvironmentVariables(), Console.Out, Console.Error);
